internal import Bytes
internal import CFFmpeg
internal import Media

/// AAC access units to samples of one rate and channel count.
///
/// Unsafe code: libav's objects are owned from `init` or `openResampler` until they are replaced or freed; planes are
/// lent for the length of a call.
@safe final class AudioDecoder {
    /// The samples of each channel.
    typealias Planes = [[Float]]

    private let context: CodecContext
    private let frame: LibavFrame
    private let sampleRate: Int32
    private let channelCount: Int
    private var resampler: OpaquePointer?
    /// What the resampler was opened for.
    private var sourceRate: Int32 = 0
    private var sourceFormat: Int32 = -1
    private var sourceChannels: Int32 = 0
    private var sourceMask: UInt64 = 0

    init(_ configuration: AACConfiguration, sampleRate: Int, channelCount: Int) throws(CodecFailure) {
        self.sampleRate = Int32(sampleRate)
        self.channelCount = channelCount
        context = try CodecContext.decoder(AV_CODEC_ID_AAC, name: "aac")
        frame = try LibavFrame()
        unsafe resampler = nil
        try context.setConfiguration(configuration.specificConfig)
        unsafe context.pointer.pointee.pkt_timebase = AVRational(num: 1, den: Int32(configuration.sampleRate))
        unsafe context.pointer.pointee.thread_count = 1
        try context.open()
    }

    deinit { unsafe swr_free(&resampler) }

    /// Decodes one access unit.
    ///
    /// - Returns: How many samples of the result's rate it holds, for `takeSamples`; none when the decoder wants more.
    func decode(_ payload: Bytes) throws(CodecFailure) -> Int64 {
        frame.clear()
        var code = context.send(payload, presentationTime: 0, decodeTime: 0, isKeyframe: true)
        guard code >= 0 else { throw .decoding(reason: Libav.reason(code)) }
        code = context.receive(into: frame)
        if code == Libav.needsInput { return 0 }
        guard code >= 0 else { throw .decoding(reason: Libav.reason(code)) }
        let fields = unsafe frame.pointer
        let (count, rate) = unsafe (fields.pointee.nb_samples, fields.pointee.sample_rate)
        guard count > 0, rate > 0 else { return 0 }
        return MediaTime(ticks: Int64(count), timescale: rate).ticks(in: sampleRate)
    }

    /// The samples of the last access unit, less those that the resampler keeps until more follow.
    func takeSamples() throws(CodecFailure) -> Planes {
        var samples = Planes(repeating: [], count: channelCount)
        try openResampler(&samples)
        try convert(unsafe frame.pointer.pointee.nb_samples, into: &samples)
        return samples
    }

    /// What the resampler still holds; nothing that follows is joined to it.
    func drain() -> Planes {
        var samples = Planes(repeating: [], count: channelCount)
        guard unsafe resampler != nil else { return samples }
        // With no more input there is no failure but that of memory, and then a few samples are silent.
        try? convert(nil, into: &samples)
        unsafe swr_free(&resampler)
        return samples
    }

    /// Forgets what was decoded before.
    func reset() { context.reset() }

    /// Opens the resampler for what came out of the decoder, which may differ from what the configuration says.
    private func openResampler(_ samples: inout Planes) throws(CodecFailure) {
        let fields = unsafe frame.pointer
        let mask =
            unsafe fields.pointee.ch_layout.order == AV_CHANNEL_ORDER_NATIVE ? fields.pointee.ch_layout.u.mask : 0
        if unsafe resampler != nil, unsafe fields.pointee.sample_rate == sourceRate,
            unsafe fields.pointee.format == sourceFormat, mask == sourceMask,
            unsafe fields.pointee.ch_layout.nb_channels == sourceChannels
        {
            return
        }
        let rest = drain()
        for channel in samples.indices { samples[channel] += rest[channel] }
        sourceRate = unsafe fields.pointee.sample_rate
        sourceFormat = unsafe fields.pointee.format
        sourceChannels = unsafe fields.pointee.ch_layout.nb_channels
        sourceMask = mask
        guard sourceRate > 0, 1...64 ~= sourceChannels else {
            throw .converting(reason: "\(sourceChannels) channels of \(sourceRate) samples/s")
        }
        var source = unsafe AVChannelLayout()
        var result = unsafe AVChannelLayout()
        if mask == 0 {
            unsafe av_channel_layout_default(&source, sourceChannels)
        } else {
            unsafe av_channel_layout_from_mask(&source, mask)
        }
        unsafe av_channel_layout_default(&result, Int32(channelCount))
        var code = unsafe swr_alloc_set_opts2(
            &resampler, &result, AV_SAMPLE_FMT_FLTP, sampleRate, &source, AVSampleFormat(rawValue: sourceFormat),
            sourceRate, 0, nil)
        if code >= 0 { code = unsafe swr_init(resampler) }
        guard code >= 0 else {
            unsafe swr_free(&resampler)
            throw .converting(reason: "\(sourceChannels) channels of \(sourceRate) samples/s: \(Libav.reason(code))")
        }
    }

    /// - Parameter count: How many samples of the frame; `nil` gets out what the resampler holds.
    private func convert(_ count: Int32?, into samples: inout Planes) throws(CodecFailure) {
        let capacity = unsafe swr_get_out_samples(resampler, count ?? 0)
        guard capacity >= 0 else { throw .converting(reason: Libav.reason(capacity)) }
        guard capacity > 0 else { return }
        let length = Int(capacity)
        let (made, data) = unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: length * channelCount) {
            memory -> (Int32, Planes) in
            unsafe memory.initialize(repeating: 0)
            var planes = unsafe (0..<channelCount).map { channel in
                unsafe memory.baseAddress.map { unsafe UnsafeMutableRawPointer($0 + channel * length) }?
                    .assumingMemoryBound(to: UInt8.self)
            }
            let made = unsafe planes.withUnsafeMutableBufferPointer { planes in
                guard let count else { return unsafe swr_convert(resampler, planes.baseAddress, capacity, nil, 0) }
                // The planes are only read: the C declaration says so one level of pointers further down.
                return unsafe frame.pointer.pointee.extended_data.withMemoryRebound(
                    to: UnsafePointer<UInt8>?.self, capacity: Int(sourceChannels)
                ) { unsafe swr_convert(resampler, planes.baseAddress, capacity, $0, count) }
            }
            let valid = max(0, Int(made))
            let data = (0..<channelCount).map { channel in
                unsafe Array(memory[channel * length..<channel * length + valid])
            }
            return (made, data)
        }
        guard made >= 0 else { throw .converting(reason: Libav.reason(made)) }
        for channel in samples.indices { samples[channel] += data[channel] }
    }
}
