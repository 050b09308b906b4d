import Bytes
import Media
import Packaging

/// Tracks with real parameter sets.
enum Tracks {
    /// H.264 High, 320x180, 25 frames per second, from x264.
    static let video = Track(.avc(avc))
    /// The same with another picture parameter set: a changed configuration.
    static let otherVideo = Track(.avc(configuration(pictures: [pps, [0x68, 0x53, 0xC8]])))
    /// AAC-LC, 48 kHz, stereo.
    static let audio = Track(.aac(configuration(specific: [0x11, 0x90])))
    /// AAC-LC, 44.1 kHz, stereo.
    static let audio44 = Track(.aac(configuration(specific: [0x12, 0x10])))

    static let avc = configuration(pictures: [pps])

    private static let sps: Bytes = [
        0x67, 0x64, 0x00, 0x0C, 0xAC, 0xD9, 0x41, 0x41, 0x9F, 0x9F, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
        0x00,
        0x03, 0x03, 0x20, 0xF1, 0x42, 0x99, 0x60,
    ]
    private static let pps: Bytes = [0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0]

    /// The fixtures are constant and known to be legal, hence `try!`.
    private static func configuration(pictures: [Bytes]) -> AVCConfiguration {
        try! AVCConfiguration(sequenceParameterSets: [sps], pictureParameterSets: pictures)
    }

    private static func configuration(specific: Bytes) -> AACConfiguration {
        try! AACConfiguration(specificConfig: specific)
    }
}

/// Makes the frames of an imaginary encoder. All times are in milliseconds.
struct FrameScript {
    var video: Track? = Tracks.video
    var audio: Track? = Tracks.audio
    var frameMilliseconds = 40.0
    /// Frames from key frame to key frame.
    var keyframeInterval = 50
    /// Frames that B-frames delay the presentation by: 0 or 2.
    var reorder = 0
    /// How far rounded times may be off.
    var jitter = 0
    var seed: UInt64 = 1
    var discontinuitySequence = 0
    /// How much later than video the audio frames stand in the log; negative: earlier.
    var audioLag = 0.0

    /// All frames that begin within a span, in the order of the log.
    func frames(from start: Double = 0, to end: Double) -> [Frame] {
        var random = Random(state: seed)
        var placed: [(at: Double, frame: Frame)] = []
        if let video {
            var index = 0
            while start + Double(index) * frameMilliseconds < end {
                let ideal = start + Double(index) * frameMilliseconds
                let off = jitter == 0 ? 0 : Double(Int(random.next() % UInt64(2 * jitter + 1)) - jitter)
                let time = jitter == 0 ? ideal : max(0, (ideal + off).rounded())
                placed.append((ideal, videoFrame(video, index, decodeMilliseconds: time)))
                index += 1
            }
        }
        if let audio {
            let rate = Double(audio.timescale)
            var index = Int((start * rate / 1000 / 1024).rounded(.up))
            while Double(index) * 1024 / rate * 1000 < end {
                let time = Double(index) * 1024 / rate * 1000
                placed.append(
                    (
                        time + audioLag,
                        Frame(
                            track: audio, decodeTime: Int64(index) * 1024, isKeyframe: true,
                            discontinuitySequence: discontinuitySequence,
                            receivedUnixMilliseconds: 1_700_000_000_000 + Int64(time),
                            payload: payload(audio: index))
                    ))
                index += 1
            }
        }
        // A stable order for equal times: the sort of the standard library is stable.
        return placed.sorted { $0.at < $1.at }.map(\.frame)
    }

    private func videoFrame(_ track: Track, _ index: Int, decodeMilliseconds: Double) -> Frame {
        let place = index % keyframeInterval
        // Decode order I P B B P B B ...: a P is shown behind the two that follow it, a B one place earlier than
        // decoded.
        let offset = reorder == 0 ? 0 : place == 0 ? 1 : place % 3 == 1 ? 3 : 0
        return Frame(
            track: track, decodeTime: Int64((decodeMilliseconds * 90).rounded()),
            compositionOffset: Int32((Double(offset) * frameMilliseconds * 90).rounded()), isKeyframe: place == 0,
            discontinuitySequence: discontinuitySequence,
            receivedUnixMilliseconds: 1_700_000_000_000 + Int64(decodeMilliseconds),
            payload: payload(video: index, isKeyframe: place == 0))
    }

    private func payload(video index: Int, isKeyframe: Bool) -> Bytes {
        var writer = ByteWriter()
        let length = isKeyframe ? 900 : 90 + index % 7
        writer.write(UInt32(length))
        writer.write(isKeyframe ? 0x65 as UInt8 : 0x41)
        writer.write(UInt32(index))
        writer.write(repeating: 0xAB, count: length - 5)
        return writer.finish()
    }

    private func payload(audio index: Int) -> Bytes {
        var writer = ByteWriter()
        writer.write(UInt32(index))
        writer.write(repeating: 0x21, count: 100 + index % 5)
        return writer.finish()
    }
}

/// A generator with a seed, so that a failure can be had again (xorshift).
struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// A packager with a store and a window behind it.
struct Studio {
    static let origin = BroadcastOrigin(
        unixMilliseconds: 1_700_000_000_000, firstSegmentNumber: 7, firstDiscontinuitySequence: 3)

    var packager: Packager
    var window: LiveWindow
    private(set) var store: [String: Bytes] = [:]
    private(set) var events: [TimelineEvent] = []
    private(set) var removed: [String] = []
    private var position: Int64 = 0

    init(
        _ configuration: Packager.Configuration = .init(), window: LiveWindow.Configuration = .init(),
        began: Bool = true
    ) {
        packager = Packager(configuration)
        self.window = LiveWindow(window)
        if began { append(.began(Self.origin)) }
    }

    mutating func append(_ entry: BroadcastEntry) {
        take(packager.append(entry, position: position))
        position += 1
    }

    mutating func append(_ picture: LadderPicture) {
        take(packager.append(picture, position: position))
        position += 1
    }

    mutating func append(_ frames: [Frame]) { for frame in frames { append(.frame(frame)) } }

    mutating func take(_ outputs: [PackagerOutput]) {
        for output in outputs {
            switch output {
            case .store(let object): store[object.name] = object.bytes
            case .announce(let event):
                events.append(event)
                removed += window.apply(event)
            }
        }
    }

    func segments(_ rendition: String) -> [Segment] {
        events.compactMap {
            if case .segment(let segment) = $0, segment.rendition == rendition { segment } else { nil }
        }
    }

    func parts(_ rendition: String) -> [Part] {
        events.compactMap { if case .part(let part) = $0, part.rendition == rendition { part } else { nil } }
    }

    var runs: [Run] { events.compactMap { if case .run(let run) = $0 { run } else { nil } } }

    var targets: [Targets] { events.compactMap { if case .targets(let targets) = $0 { targets } else { nil } } }

    /// All samples of a rendition's finished segments, read back from the stored bytes.
    func samples(_ rendition: String) throws -> [CMAFSample] {
        try segments(rendition).filter { !$0.isGap }.flatMap { segment in
            try CMAFReader.samples(in: store[segment.name] ?? Bytes())
        }
    }
}
