internal import Bytes
internal import CFFmpeg
internal import Media

/// Samples to AAC-LC.
///
/// The first access unit only prepares the decoder for the second, which holds the first samples, and so on: it is
/// left out, and each one that follows belongs to the samples that went in before it.
///
/// Unsafe code: planes are written while the frame is its own, before it is sent.
@safe final class AudioEncoder {
    static let samplesPerFrame = 1024

    let track: Track
    private let context: CodecContext
    private let frame: LibavFrame
    /// Access units that are still to be left out.
    private var priming: Int
    private var position: Int64 = 0

    init(sampleRate: Int, channelCount: Int, bitRate: Int) throws(CodecFailure) {
        context = try CodecContext.encoder(named: "aac")
        frame = try LibavFrame()
        let fields = unsafe context.pointer
        unsafe fields.pointee.sample_rate = Int32(sampleRate)
        unsafe fields.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
        unsafe av_channel_layout_default(&fields.pointee.ch_layout, Int32(channelCount))
        unsafe fields.pointee.bit_rate = Int64(bitRate)
        unsafe fields.pointee.profile = FF_PROFILE_AAC_LOW
        unsafe fields.pointee.time_base = AVRational(num: 1, den: Int32(sampleRate))
        // Without "bit exact" the first access unit tells the library's version.
        unsafe fields.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT
        unsafe fields.pointee.thread_count = 1
        try context.open()
        do throws(AACFailure) {
            track = Track(.aac(try AACConfiguration(specificConfig: context.configuration)))
        } catch {
            throw .cannotOpen(codec: "aac", reason: "its configuration cannot be read: \(error)")
        }
        let length = unsafe Int(fields.pointee.frame_size)
        guard length == Self.samplesPerFrame else {
            throw .cannotOpen(codec: "aac", reason: "frames of \(length) samples")
        }
        priming = unsafe (Int(fields.pointee.initial_padding) + length - 1) / length
    }

    /// Encodes `samplesPerFrame` samples of each channel.
    ///
    /// - Returns: The access units that are ready, in order: one for each call, some calls later.
    func encode(_ samples: [ArraySlice<Float>]) throws(CodecFailure) -> [Bytes] {
        frame.clear()
        let fields = unsafe frame.pointer
        unsafe fields.pointee.nb_samples = Int32(Self.samplesPerFrame)
        unsafe fields.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
        unsafe fields.pointee.sample_rate = context.pointer.pointee.sample_rate
        unsafe av_channel_layout_default(&fields.pointee.ch_layout, Int32(samples.count))
        unsafe fields.pointee.pts = position
        position += Int64(Self.samplesPerFrame)
        var code = unsafe av_frame_get_buffer(fields, 0)
        guard code >= 0 else { throw .encoding(reason: Libav.reason(code)) }
        for (channel, plane) in samples.enumerated() {
            guard let memory = unsafe fields.pointee.extended_data[channel] else { continue }
            unsafe memory.withMemoryRebound(to: Float.self, capacity: Self.samplesPerFrame) { memory in
                for (index, sample) in plane.prefix(Self.samplesPerFrame).enumerated() {
                    // What is louder would be cut by every player; what is no number would stop the encoder.
                    unsafe memory[index] = sample.isFinite ? max(-1, min(sample, 1)) : 0
                }
            }
        }
        code = unsafe context.send(fields)
        guard code >= 0 else { throw .encoding(reason: Libav.reason(code)) }
        return try receiveAll()
    }

    /// The access units that are still inside. The encoder is of no use afterwards.
    func finish() throws(CodecFailure) -> [Bytes] {
        let code = unsafe context.send(nil)
        guard code >= 0 else { throw .encoding(reason: Libav.reason(code)) }
        return try receiveAll()
    }

    private func receiveAll() throws(CodecFailure) -> [Bytes] {
        var units: [Bytes] = []
        while let output = try context.receive() {
            if priming > 0 { priming -= 1 } else { units.append(output.payload) }
        }
        return units
    }
}
