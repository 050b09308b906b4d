import Bytes
import Media

/// An encoder for tests: it sends frames into a `TimelineRepair` and keeps what comes out.
struct Publisher {
    static let epoch: Int64 = 1_700_000_000_000

    var repair: TimelineRepair
    /// The wall clock, in milliseconds since the Unix epoch.
    var now = epoch
    var video: Track
    var audio: Track
    private(set) var frames: [Frame] = []
    /// The encoder's own time of each frame in `frames`, in milliseconds.
    private(set) var encoderTimes: [Int64] = []

    init(audio config: Bytes = [0x12, 0x10], firstDiscontinuitySequence: Int = 0) throws {
        repair = TimelineRepair(
            origin: BroadcastOrigin(
                unixMilliseconds: Self.epoch, firstSegmentNumber: 0,
                firstDiscontinuitySequence: firstDiscontinuitySequence))
        video = Track(.avc(try ParameterSetSample.hd720.configuration))
        audio = Track(.aac(try AACConfiguration(specificConfig: config)))
        repair.connectionBegan()
    }

    @discardableResult
    mutating func sendVideo(_ time: Int64, cts: Int32 = 0, keyframe: Bool = false) -> Frame? {
        take(
            EncoderFrame(
                track: video, timestampMilliseconds: UInt32(truncatingIfNeeded: time),
                compositionOffsetMilliseconds: cts, isKeyframe: keyframe, payload: [0, 0, 0, 1, 0x65]), time)
    }

    @discardableResult
    mutating func sendAudio(_ time: Int64) -> Frame? {
        take(
            EncoderFrame(
                track: audio, timestampMilliseconds: UInt32(truncatingIfNeeded: time), isKeyframe: true,
                payload: [0x21]), time)
    }

    private mutating func take(_ frame: EncoderFrame, _ time: Int64) -> Frame? {
        guard let placed = repair.receive(frame, atUnixMilliseconds: now) else { return nil }
        frames.append(placed)
        encoderTimes.append(time)
        return placed
    }

    /// A stretch of 25 pictures a second with a keyframe each second, and audio, interleaved and in real time.
    ///
    /// - Parameters:
    ///   - time: The encoder's time of the first picture.
    ///   - audioOffset: What the audio's times are later than the video's.
    mutating func stream(from time: Int64, milliseconds: Int64, audioOffset: Int64 = 0, firstIsKeyframe: Bool = true) {
        guard case .aac(let aac) = audio.configuration else { return }
        let wallStart = now
        var sample: Int64 = 0
        for at in 0..<milliseconds {
            now = wallStart + at
            if at % 40 == 0 { sendVideo(time + at, keyframe: at % 1000 == 0 && (at > 0 || firstIsKeyframe)) }
            while sample * 1000 / Int64(aac.sampleRate) <= at {
                sendAudio(time + audioOffset + sample * 1000 / Int64(aac.sampleRate))
                sample += Int64(aac.samplesPerFrame)
            }
        }
        now = wallStart + milliseconds
    }

    func frames(_ kind: MediaKind) -> [Frame] { frames.filter { $0.track.kind == kind } }

    /// The decode time of a frame in milliseconds, not rounded.
    static func milliseconds(_ frame: Frame) -> Double {
        Double(frame.decodeTime) * 1000 / Double(frame.track.timescale)
    }

    /// How far the frames of a kind are from the encoder's times, from least to most, in milliseconds.
    func shift(_ kind: MediaKind, from first: Int = 0) -> (least: Double, most: Double) {
        let shifts = zip(frames, encoderTimes).dropFirst(first).filter { $0.0.track.kind == kind }
            .map { Self.milliseconds($0.0) - Double($0.1) }
        return (shifts.min() ?? 0, shifts.max() ?? 0)
    }
}
