internal import Bytes
internal import CFFmpeg
public import Media

/// H.264 access units to pictures.
///
/// For one thread at a time. It holds as many pictures as the stream reorders and no more: threads work on slices of
/// one picture, never on several pictures.
///
/// Unsafe code: fields of the decoder's context are set and read through its pointer, which lives as long as it does.
public final class VideoDecoder {
    /// The most samples of a picture: the largest frame of level 5.2 (ITU-T H.264, table A-1). It bounds the memory
    /// that a stream can claim: at most 17 pictures are referred to or wait for output.
    public static let pixelsMax = 36_864 * 256

    private let context: CodecContext
    private let configuration: AVCConfiguration
    private var knowsReordering = false

    /// - Parameters:
    ///   - configuration: Of the track whose frames will come.
    ///   - threadCount: At least 1; more are of use only where the encoder cut its pictures into slices.
    public init(_ configuration: AVCConfiguration, threadCount: Int) throws(CodecFailure) {
        let size = configuration.size
        guard size.width * size.height <= Self.pixelsMax else {
            throw .cannotOpen(codec: "h264", reason: "\(size.width)x\(size.height) is above level 5.2")
        }
        self.configuration = configuration
        context = try CodecContext.decoder(AV_CODEC_ID_H264, name: "h264")
        try context.setConfiguration(configuration.decoderConfigurationRecord)
        let fields = unsafe context.pointer
        unsafe fields.pointee.thread_count = Int32(max(1, min(threadCount, 16)))
        unsafe fields.pointee.thread_type = FF_THREAD_SLICE
        unsafe fields.pointee.pkt_timebase = Libav.timeBase
        unsafe fields.pointee.time_base = Libav.timeBase
        // Coded sizes may be a macroblock larger than what is shown.
        unsafe fields.pointee.max_pixels = Int64(Self.pixelsMax + 2 * 16 * 16_384)
        try context.open()
    }

    /// Decodes one access unit.
    ///
    /// - Returns: The pictures that it completes, in the order of presentation; each has the `presentationTime` of the
    ///   frame that it was in.
    /// - Throws: `CodecFailure.decoding` for what cannot be decoded. The next frame can be given all the same; pictures
    ///   are right again at the next keyframe.
    public func decode(_ frame: Frame) throws(CodecFailure) -> [Picture] {
        if !knowsReordering { prepareReordering(first: frame) }
        let code = context.send(
            frame.payload, presentationTime: frame.presentationTime, decodeTime: frame.decodeTime,
            isKeyframe: frame.isKeyframe)
        guard code >= 0 else { throw .decoding(reason: Libav.reason(code)) }
        return try receiveAll()
    }

    /// Brings out what waits for its turn. The decoder can go on at the next keyframe.
    public func finish() -> [Picture] {
        var pictures: [Picture] = []
        if context.sendEnd() >= 0 {
            // What fails here is a last, broken picture: there is nobody to whom a frame less makes a difference.
            pictures = (try? receiveAll()) ?? []
        }
        context.reset()
        return pictures
    }

    private func receiveAll() throws(CodecFailure) -> [Picture] {
        var pictures: [Picture] = []
        while true {
            let frame = try LibavFrame()
            let code = context.receive(into: frame)
            if code == Libav.needsInput || code == Libav.isAtEnd { return pictures }
            guard code >= 0 else { throw .decoding(reason: Libav.reason(code)) }
            // A picture without a time of its own is the second field of one that has it.
            if unsafe frame.pointer.pointee.pts != Libav.noTime { pictures.append(Picture(frame)) }
        }
    }

    /// Says how many pictures have to wait for earlier ones, where the stream does not.
    ///
    /// libavcodec would find out by dropping the pictures that come too late. Encoders that reorder shift the times
    /// of presentation, so a first keyframe without a shift means that nothing is reordered.
    private func prepareReordering(first frame: Frame) {
        knowsReordering = true
        let sequence = configuration.sequence
        guard sequence.reorderFramesMax == nil, sequence.referenceFramesMax > 1 else { return }
        guard !frame.isKeyframe || frame.compositionOffset > 0 else { return }
        unsafe context.pointer.pointee.has_b_frames = Self.assumedReordering
    }

    /// What encoders with B-frames and pyramids need.
    private static let assumedReordering: Int32 = 2
}
