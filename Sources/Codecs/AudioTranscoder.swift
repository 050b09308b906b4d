internal import Bytes
public import Media

/// Any AAC to AAC-LC with one or two channels.
///
/// The sample rate stays when it is 32,000, 44,100 or 48,000; else it becomes the nearest of them. More than two
/// channels are mixed to two. What is heard keeps its place on the timeline; the times of the new frames are multiples
/// of 1,024 samples, wherever a transcoder begins. For one thread at a time.
public final class AudioTranscoder {
    /// The track of the new frames.
    public let track: Track

    /// Rates to keep, in samples per second.
    static let sampleRates = [32_000, 44_100, 48_000]
    /// Gaps up to this are filled with silence, in milliseconds; behind a longer one there is nothing for a while.
    static let silenceMillisecondsMax = 1000

    /// What is kept of an access unit until its samples have left.
    private struct Origin {
        /// Where its samples begin, on the new timeline.
        var position: Int64
        var discontinuitySequence: Int
        var receivedUnixMilliseconds: Int64
    }

    private let decoder: AudioDecoder
    private let encoder: AudioEncoder
    private let sampleRate: Int32
    private var grid: SampleGrid
    private var waiting: AudioDecoder.Planes
    /// Of the samples that the decoder gives next: how many are left out.
    private var leftOut = 0
    private var origins: [Origin] = []
    /// The frames inside the encoder, with their times.
    private var inside: [Origin] = []
    private var discontinuitySequence: Int?

    /// - Parameters:
    ///   - configuration: Of the track whose frames will come.
    ///   - bitRate: On average, in bits per second.
    /// - Throws: `CodecFailure.cannotOpen`.
    public init(_ configuration: AACConfiguration, bitRate: Int) throws(CodecFailure) {
        let rate = Self.sampleRates.min {
            abs($0 - configuration.sampleRate) < abs($1 - configuration.sampleRate)
        }
        let sampleRate = rate ?? 48_000
        let channelCount = min(configuration.channelCount, 2)
        self.sampleRate = Int32(sampleRate)
        decoder = try AudioDecoder(configuration, sampleRate: sampleRate, channelCount: channelCount)
        encoder = try AudioEncoder(sampleRate: sampleRate, channelCount: channelCount, bitRate: bitRate)
        track = encoder.track
        let unitLength = MediaTime(
            ticks: Int64(configuration.samplesPerFrame), timescale: Int32(configuration.sampleRate))
        grid = SampleGrid(
            frameLength: AudioEncoder.samplesPerFrame,
            silenceMax: sampleRate * Self.silenceMillisecondsMax / 1000,
            tolerance: Int(unitLength.ticks(in: Int32(sampleRate))) / 2)
        waiting = AudioDecoder.Planes(repeating: [], count: channelCount)
    }

    /// Takes one access unit.
    ///
    /// - Returns: The frames that it completes; sound is two to three frames behind.
    /// - Throws: `CodecFailure.decoding` or `.converting` for what cannot be used: its time becomes silence, and the
    ///   next frame can be given. `.encoding` when the transcoder is of no more use.
    public func transcode(_ frame: Frame) throws(CodecFailure) -> [Frame] {
        if let discontinuitySequence, discontinuitySequence != frame.discontinuitySequence { decoder.reset() }
        discontinuitySequence = frame.discontinuitySequence
        let length = try decoder.decode(frame.payload)
        guard length > 0 else { return [] }
        let position = MediaTime(ticks: frame.decodeTime, timescale: frame.track.timescale).ticks(in: sampleRate)
        var made = try place(length, at: position)
        origins.append(
            Origin(
                position: position, discontinuitySequence: frame.discontinuitySequence,
                receivedUnixMilliseconds: frame.receivedUnixMilliseconds))
        made += try encodeFull()
        return made
    }

    /// Brings out everything, the last frame filled up with silence. The transcoder is of no use afterwards.
    public func finish() -> [Frame] {
        append(decoder.drain())
        appendSilence(grid.missing)
        // An encoder that fails at its end leaves out its last frames.
        var made = (try? encodeFull()) ?? []
        made += frames((try? encoder.finish()) ?? [])
        return made
    }

    /// Puts the samples of an access unit where they belong.
    private func place(_ length: Int64, at position: Int64) throws(CodecFailure) -> [Frame] {
        var made: [Frame] = []
        // What the resampler holds belongs before a gap.
        if !grid.continues(at: position) { append(decoder.drain()) }
        let placement = grid.unitCame(at: position, length: length)
        switch placement {
        case .follows, .followsSlowly: break
        case .followsQuickly: leftOut = 1
        case .followsGap(let silence):
            appendSilence(silence)
        case .overlaps(let count):
            leftOut = count
        case .begins(let silence, let count):
            appendSilence(silence)
            made = try encodeFull()
            for channel in waiting.indices { waiting[channel] = [] }
            grid.anchor(at: position)
            origins = []
            leftOut = count
        }
        var samples = try decoder.takeSamples()
        if placement == .followsSlowly {
            for channel in samples.indices { samples[channel] = samples[channel].prefix(1) + samples[channel] }
        }
        append(samples)
        return made
    }

    private func appendSilence(_ count: Int) {
        guard count > 0 else { return }
        for channel in waiting.indices { waiting[channel] += repeatElement(0, count: count) }
        grid.appended(count)
    }

    private func append(_ samples: AudioDecoder.Planes) {
        let count = samples.first?.count ?? 0
        let skipped = min(leftOut, count)
        leftOut -= skipped
        for channel in waiting.indices { waiting[channel] += samples[channel][skipped...] }
        grid.appended(count - skipped)
    }

    private func encodeFull() throws(CodecFailure) -> [Frame] {
        var made: [Frame] = []
        while let start = grid.takeFrame() {
            while origins.count > 1, origins[1].position <= start { origins.removeFirst() }
            var origin = origins.first ?? Origin(position: 0, discontinuitySequence: 0, receivedUnixMilliseconds: 0)
            origin.position = start
            inside.append(origin)
            let length = AudioEncoder.samplesPerFrame
            let units = try encoder.encode(waiting.map { $0.prefix(length) })
            for channel in waiting.indices { waiting[channel].removeFirst(length) }
            made += frames(units)
        }
        return made
    }

    /// Access units leave the encoder in the order of the frames that went in.
    private func frames(_ units: [Bytes]) -> [Frame] {
        units.compactMap { unit in
            guard !inside.isEmpty else { return nil }
            let origin = inside.removeFirst()
            return Frame(
                track: track, decodeTime: origin.position, isKeyframe: true,
                discontinuitySequence: origin.discontinuitySequence,
                receivedUnixMilliseconds: origin.receivedUnixMilliseconds, payload: unit)
        }
    }
}
