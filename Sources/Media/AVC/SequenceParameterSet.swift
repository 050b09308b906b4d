public import Bytes

// Sequence parameter set (ITU-T H.264, 7.3.2.1.1); ue and se are Exp-Golomb codes
//
// +--------+-------------+------------------+-----------+----+--------------------------+
// | 67     | profile_idc | constraint flags | level_idc | id | High profiles: chroma,   |
// | header | 8           | 8                | 8         | ue | bit depths, scaling lists|
// +--------+-------------+------------------+-----------+----+--------------------------+
// | log2_max_frame_num | picture order count | max_num_ref_frames | width, height in     |
// | ue                 | type ue, ...        | ue                 | macroblocks ue, ...  |
// +--------------------+---------------------+--------------------+----------------------+
// | cropping flag, 4 ue | VUI flag, VUI (VideoUsability.swift) |
// +---------------------+--------------------------------------+

/// What a sequence parameter set says about the pictures that refer to it.
public struct SequenceParameterSet: Sendable, Hashable {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High, 110 High 10, 122 High 4:2:2, 244 High 4:4:4.
    public let profileIDC: UInt8
    /// The byte between profile and level: `constraint_set0_flag` is its highest bit.
    public let constraintFlags: UInt8
    /// Ten times the level: 31 is level 3.1.
    public let levelIDC: UInt8
    /// `seq_parameter_set_id`, 0 to 31.
    public let id: Int
    /// `chroma_format_idc`: 0 monochrome, 1 is 4:2:0, 2 is 4:2:2, 3 is 4:4:4.
    public let chromaFormat: Int
    /// Bits per luma sample, 8 to 14.
    public let lumaBitDepth: Int
    /// Bits per chroma sample, 8 to 14.
    public let chromaBitDepth: Int
    /// `log2_max_frame_num_minus4` plus 4: the bits of `frame_num` in slice headers, 4 to 16.
    public let frameNumberBits: Int
    /// `pic_order_cnt_type`, 0 to 2; with 2 the output order is the decoding order.
    public let pictureOrderCountType: Int
    /// `max_num_ref_frames`, 0 to 16.
    public let referenceFramesMax: Int
    /// The picture after cropping, in samples.
    public let size: PictureSize
    /// `frame_mbs_only_flag`: no picture is interlaced.
    public let isProgressive: Bool
    /// The video usability information, where there is one and it can be read.
    public let usability: VideoUsability?

    /// Reads a set.
    ///
    /// A usability part that ends early or makes no sense is left out, because the pictures decode without it.
    ///
    /// - Parameter unit: The NAL unit with its header, without a length or a start code.
    public init(_ unit: Bytes) throws(AVCFailure) {
        guard unit.count >= 4 else { throw .truncated }
        guard unit.count <= AVCLimits.parameterSetBytesMax else {
            throw .parameterSetsTooLong(unit.count, limit: AVCLimits.parameterSetBytesMax)
        }
        let type = NALUnitType(header: unit[0])
        guard type == .sequenceParameterSet else { throw .unexpectedUnitType(type.rawValue) }
        var reader = RBSPReader(unit)
        profileIDC = UInt8(try reader.unsigned(8))
        constraintFlags = UInt8(try reader.unsigned(8))
        levelIDC = UInt8(try reader.unsigned(8))
        id = try reader.exponential("seq_parameter_set_id", max: 31)

        let samples = try SampleFormat(&reader, profileIDC: profileIDC)
        chromaFormat = samples.chromaFormat
        lumaBitDepth = samples.lumaBitDepth
        chromaBitDepth = samples.chromaBitDepth

        frameNumberBits = try reader.exponential("log2_max_frame_num_minus4", max: 12) + 4
        pictureOrderCountType = try reader.exponential("pic_order_cnt_type", max: 2)
        try Self.skipPictureOrder(&reader, type: pictureOrderCountType)
        referenceFramesMax = try reader.exponential("max_num_ref_frames", max: 16)
        try reader.skip(1)  // gaps_in_frame_num_value_allowed_flag
        (size, isProgressive) = try Self.readSize(&reader, samples)
        // A set that ends before its last flag (a cut copy of one) has no usability part either.
        usability = (try? reader.flag()) == true ? try? VideoUsability(&reader) : nil
    }

    /// The shape of one sample. Samples are square unless the usability part says otherwise.
    public var sampleAspectRatio: Ratio { usability?.sampleAspectRatio ?? .one }

    /// Frames per second when the set gives a rate that a camera could have.
    public var frameRate: Ratio? { usability?.frameRate }

    /// The size to show on square pixels: the height of `size`, the width after the sample aspect ratio.
    public var displaySize: PictureSize {
        let ratio = sampleAspectRatio
        let (numerator, denominator) = (Int(ratio.numerator), Int(ratio.denominator))
        // No overflow: a ratio's parts come from 16-bit fields, and `size` is bounded.
        let width = (size.width * numerator + denominator / 2) / denominator
        // A ratio that leads to no picture that anybody can show is a mistake of the encoder.
        guard 1...AVCLimits.pictureSideMax ~= width else { return size }
        return PictureSize(width: width, height: size.height)
    }

    /// How many frames may have to wait for a later one before output (`max_num_reorder_frames`), as far as known.
    public var reorderFramesMax: Int? {
        pictureOrderCountType == 2 || profileIDC == 66 ? 0 : usability?.reorderFramesMax
    }
}

extension SequenceParameterSet {
    /// The fields that only the High profiles have.
    private struct SampleFormat {
        var chromaFormat = 1
        var separatePlanes = false
        var lumaBitDepth = 8
        var chromaBitDepth = 8

        init(_ reader: inout RBSPReader, profileIDC: UInt8) throws(AVCFailure) {
            guard SequenceParameterSet.hasSampleFormat(profileIDC: profileIDC) else { return }
            chromaFormat = try reader.exponential("chroma_format_idc", max: 3)
            if chromaFormat == 3 { separatePlanes = try reader.flag() }
            lumaBitDepth = try reader.exponential("bit_depth_luma_minus8", max: 6) + 8
            chromaBitDepth = try reader.exponential("bit_depth_chroma_minus8", max: 6) + 8
            try reader.skip(1)  // qpprime_y_zero_transform_bypass_flag
            guard try reader.flag() else { return }
            for list in 0..<(chromaFormat == 3 ? 12 : 8) where try reader.flag() {
                try Self.skipScalingList(&reader, size: list < 6 ? 16 : 64)
            }
        }

        /// `scaling_list` (7.3.2.1.1.1): it ends when a delta leads to zero.
        private static func skipScalingList(_ reader: inout RBSPReader, size: Int) throws(AVCFailure) {
            var scale = 8
            for _ in 0..<size {
                let delta = try reader.signedExponential()
                guard delta >= -128, delta <= 127 else {
                    throw .valueOutOfRange(field: "delta_scale", value: Int64(delta))
                }
                scale = (scale + delta + 256) % 256
                if scale == 0 { return }
            }
        }
    }

    /// Whether sets of a profile say the chroma format and the bit depths.
    static func hasSampleFormat(profileIDC: UInt8) -> Bool {
        switch profileIDC {
        case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135: true
        default: false
        }
    }

    private static func skipPictureOrder(_ reader: inout RBSPReader, type: Int) throws(AVCFailure) {
        if type == 0 {
            _ = try reader.exponential("log2_max_pic_order_cnt_lsb_minus4", max: 12)
        } else if type == 1 {
            try reader.skip(1)  // delta_pic_order_always_zero_flag
            _ = try reader.signedExponential()  // offset_for_non_ref_pic
            _ = try reader.signedExponential()  // offset_for_top_to_bottom_field
            let cycle = try reader.exponential("num_ref_frames_in_pic_order_cnt_cycle", max: 255)
            for _ in 0..<cycle { _ = try reader.signedExponential() }
        }
    }

    private static func readSize(
        _ reader: inout RBSPReader, _ samples: SampleFormat
    ) throws(AVCFailure) -> (PictureSize, isProgressive: Bool) {
        let macroblocksMax = AVCLimits.pictureSideMax / 16
        let columns = try reader.exponential("pic_width_in_mbs_minus1", max: macroblocksMax - 1) + 1
        let rows = try reader.exponential("pic_height_in_map_units_minus1", max: macroblocksMax - 1) + 1
        let isProgressive = try reader.flag()
        if !isProgressive { try reader.skip(1) }  // mb_adaptive_frame_field_flag
        try reader.skip(1)  // direct_8x8_inference_flag

        let fieldsPerRow = isProgressive ? 1 : 2
        var width = columns * 16
        var height = rows * 16 * fieldsPerRow
        if try reader.flag() {
            // Cropping counts in chroma samples where there are any (7-19 to 7-22), and in both fields.
            let hasChroma = samples.chromaFormat != 0 && !samples.separatePlanes
            let unitX = hasChroma && samples.chromaFormat != 3 ? 2 : 1
            let unitY = (hasChroma && samples.chromaFormat == 1 ? 2 : 1) * fieldsPerRow
            let left = try reader.exponential("frame_crop_left_offset", max: width)
            let right = try reader.exponential("frame_crop_right_offset", max: width)
            let top = try reader.exponential("frame_crop_top_offset", max: height)
            let bottom = try reader.exponential("frame_crop_bottom_offset", max: height)
            width -= (left + right) * unitX
            height -= (top + bottom) * unitY
        }
        guard width > 0, height > 0, height <= AVCLimits.pictureSideMax else {
            throw .unusablePictureSize(width: width, height: height)
        }
        return (PictureSize(width: width, height: height), isProgressive)
    }
}
