import Bytes
import Media

/// The media of an encoder that sends 6 Mbit/s: 30 pictures a second with a key frame every two seconds, and AAC.
///
/// Sizes and rhythm are those of a real broadcast; the pictures are random bytes, which nothing measured here looks
/// into.
struct SampleBroadcast {
    static let pictureRate = 30
    static let picturesPerGroup = 60
    static let keyPictureBytes = 125_000
    static let pictureBytes = 22_700
    static let audioFrameBytes = 341

    let video: Track
    let audio: Track
    /// In the order of their decode times.
    let frames: [Frame]
    let payloadBytes: Int

    init(seconds: Int) throws {
        video = Track(
            .avc(try AVCConfiguration(sequenceParameterSets: [Self.sequence], pictureParameterSets: [Self.picture])))
        audio = Track(.aac(try AACConfiguration(specificConfig: [0x11, 0x90])))
        var random = SplitMix64(state: 1)
        var frames: [Frame] = []
        for index in 0..<seconds * Self.pictureRate {
            let isKey = index % Self.picturesPerGroup == 0
            frames.append(
                Frame(
                    track: video, decodeTime: Int64(index) * 90_000 / Int64(Self.pictureRate), isKeyframe: isKey,
                    payload: Self.accessUnit(isKey: isKey, &random)))
        }
        for index in 0..<seconds * 48_000 / 1024 {
            frames.append(
                Frame(
                    track: audio, decodeTime: Int64(index) * 1024, isKeyframe: true,
                    payload: random.bytes(Self.audioFrameBytes)))
        }
        self.frames = frames.sorted {
            MediaTime(ticks: $0.decodeTime, timescale: $0.track.timescale)
                < MediaTime(ticks: $1.decodeTime, timescale: $1.track.timescale)
        }
        payloadBytes = frames.reduce(0) { $0 + $1.payload.count }
    }

    /// The frames as an encoder sends them.
    var encoderFrames: [EncoderFrame] {
        frames.map { frame in
            let time = MediaTime(ticks: frame.decodeTime, timescale: frame.track.timescale)
            return EncoderFrame(
                track: frame.track, timestampMilliseconds: UInt32(time.milliseconds), isKeyframe: frame.isKeyframe,
                payload: frame.payload)
        }
    }

    /// One slice behind its length.
    private static func accessUnit(isKey: Bool, _ random: inout SplitMix64) -> Bytes {
        let length = isKey ? keyPictureBytes : pictureBytes
        var writer = ByteWriter(capacity: length + 4)
        writer.write(UInt32(length))
        writer.write(isKey ? 0x65 as UInt8 : 0x41)
        writer.write(random.bytes(length - 1))
        return writer.finish()
    }

    /// H.264 High, 1280x720, 30 pictures per second, from x264.
    private static let sequence: Bytes = [
        0x67, 0x64, 0x00, 0x1F, 0xAC, 0xD9, 0x40, 0x50, 0x05, 0xBB, 0x01, 0x6A, 0x02, 0x02, 0x02, 0x80, 0x00, 0x00,
        0x03, 0x00, 0x80, 0x00, 0x00, 0x1E, 0x07, 0x8C, 0x18, 0xCB,
    ]
    private static let picture: Bytes = [0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0]
}

/// Random numbers from a seed, so that every run measures the same bytes.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func bytes(_ count: Int) -> Bytes {
        var writer = ByteWriter(capacity: count + 8)
        for _ in 0..<(count + 7) / 8 { writer.write(next()) }
        return writer.finish().prefix(count)
    }
}
