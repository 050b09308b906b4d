// Video usability information (ITU-T H.264, E.1.1): a flag before each group of fields
//
// aspect ratio | overscan | video signal (range, colour) | chroma location | timing | NAL HRD | VCL HRD |
// pic_struct_present_flag | bitstream restriction (reordering)

/// The parts of the video usability information that describe how to show and to schedule pictures.
public struct VideoUsability: Sendable, Hashable {
    /// The shape of a sample, when it is given.
    public private(set) var sampleAspectRatio: Ratio?
    /// Whether luma uses all code values (`video_full_range_flag`).
    public private(set) var isFullRange = false
    public private(set) var colour: ColourDescription?
    /// Frames per second, when it is given and lies between `frameRateMin` and `frameRateMax`.
    public private(set) var frameRate: Ratio?
    /// `fixed_frame_rate_flag`.
    public private(set) var isFixedFrameRate = false
    /// `max_num_reorder_frames`, 0 to 16.
    public private(set) var reorderFramesMax: Int?
    /// `max_dec_frame_buffering`, 0 to 16.
    public private(set) var decodedFramesMax: Int?

    /// Rates outside are not believed, in frames per second.
    public static let frameRateMin: UInt64 = 1
    /// Rates outside are not believed, in frames per second.
    public static let frameRateMax: UInt64 = 300

    /// How sample values stand for light (ITU-T H.273, 8).
    public struct ColourDescription: Sendable, Hashable {
        /// `colour_primaries`: 1 is BT.709, 9 is BT.2020.
        public var primaries: UInt8
        /// `transfer_characteristics`: 1 is BT.709, 16 is PQ, 18 is HLG.
        public var transfer: UInt8
        /// `matrix_coefficients`: 1 is BT.709, 9 is BT.2020.
        public var matrix: UInt8
    }

    init(_ reader: inout RBSPReader) throws(AVCFailure) {
        if try reader.flag() { try readAspectRatio(&reader) }
        if try reader.flag() { try reader.skip(1) }  // overscan_appropriate_flag
        if try reader.flag() { try readVideoSignal(&reader) }
        if try reader.flag() {
            _ = try reader.exponential("chroma_sample_loc_type_top_field", max: 5)
            _ = try reader.exponential("chroma_sample_loc_type_bottom_field", max: 5)
        }
        if try reader.flag() { try readTiming(&reader) }
        // What follows matters less than what was read, and short copies of sets end here.
        try? readBuffering(&reader)
    }

    private mutating func readAspectRatio(_ reader: inout RBSPReader) throws(AVCFailure) {
        let code = try reader.unsigned(8)
        if code == 255 {  // Extended_SAR
            sampleAspectRatio = Ratio(UInt32(try reader.unsigned(16)), UInt32(try reader.unsigned(16)))
        } else if code > 0, code < Self.aspectRatios.count {
            sampleAspectRatio = Ratio(Self.aspectRatios[code].0, Self.aspectRatios[code].1)
        }
    }

    /// Table E-1 by `aspect_ratio_idc`.
    private static let aspectRatios: [(UInt32, UInt32)] = [
        (0, 0), (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11), (80, 33), (18, 11),
        (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1),
    ]

    private mutating func readVideoSignal(_ reader: inout RBSPReader) throws(AVCFailure) {
        try reader.skip(3)  // video_format
        isFullRange = try reader.flag()
        guard try reader.flag() else { return }
        colour = ColourDescription(
            primaries: UInt8(try reader.unsigned(8)), transfer: UInt8(try reader.unsigned(8)),
            matrix: UInt8(try reader.unsigned(8)))
    }

    private mutating func readTiming(_ reader: inout RBSPReader) throws(AVCFailure) {
        let unitsInTick = UInt64(try reader.unsigned(32))
        let timescale = UInt64(try reader.unsigned(32))
        isFixedFrameRate = try reader.flag()
        // A tick is the time of a field, so that a frame takes two.
        let unitsInFrame = unitsInTick * 2
        guard unitsInFrame > 0, unitsInFrame <= UInt64(UInt32.max), timescale >= unitsInFrame * Self.frameRateMin,
            timescale <= unitsInFrame * Self.frameRateMax
        else { return }
        frameRate = Ratio(UInt32(timescale), UInt32(unitsInFrame))
    }

    private mutating func readBuffering(_ reader: inout RBSPReader) throws(AVCFailure) {
        let hasNALParameters = try reader.flag()
        if hasNALParameters { try Self.skipReferenceDecoder(&reader) }
        let hasVCLParameters = try reader.flag()
        if hasVCLParameters { try Self.skipReferenceDecoder(&reader) }
        if hasNALParameters || hasVCLParameters { try reader.skip(1) }  // low_delay_hrd_flag
        try reader.skip(1)  // pic_struct_present_flag
        guard try reader.flag() else { return }
        try reader.skip(1)  // motion_vectors_over_pic_boundaries_flag
        for field in [
            "max_bytes_per_pic_denom", "max_bits_per_mb_denom", "log2_max_mv_length_horizontal",
            "log2_max_mv_length_vertical",
        ] { _ = try reader.exponential(field, max: 32) }
        let reorder = try reader.exponential("max_num_reorder_frames", max: 16)
        decodedFramesMax = try reader.exponential("max_dec_frame_buffering", max: 16)
        reorderFramesMax = reorder
    }

    /// `hrd_parameters` (E.1.2).
    private static func skipReferenceDecoder(_ reader: inout RBSPReader) throws(AVCFailure) {
        let count = try reader.exponential("cpb_cnt_minus1", max: 31) + 1
        try reader.skip(8)  // bit_rate_scale, cpb_size_scale
        for _ in 0..<count {
            _ = try reader.exponential()  // bit_rate_value_minus1
            _ = try reader.exponential()  // cpb_size_value_minus1
            try reader.skip(1)  // cbr_flag
        }
        try reader.skip(20)  // three lengths of delays, time_offset_length
    }
}
