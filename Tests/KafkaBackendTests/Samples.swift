import Bytes
import Media
import StreamingCore

@testable import KafkaBackend

/// Random numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

enum Samples {
    static let noon = WallTime(unixMilliseconds: 1_795_435_200_000)

    static func audioTrack() throws -> Track { Track(.aac(try AACConfiguration(specificConfig: [0x12, 0x10]))) }

    /// 1280 x 720, High profile.
    static func videoTrack(pictureSets: [Bytes] = [[0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0]]) throws -> Track {
        let sequence: Bytes = [
            0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
            0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
        ]
        return Track(
            .avc(try AVCConfiguration(sequenceParameterSets: [sequence], pictureParameterSets: pictureSets)))
    }

    static func origin(_ number: Int64) -> BroadcastOrigin {
        BroadcastOrigin(unixMilliseconds: 7, firstSegmentNumber: number, firstDiscontinuitySequence: 3)
    }

    static func frame(_ track: Track, _ time: Int64, isKeyframe: Bool = false, count: Int = 10) -> BroadcastEntry {
        .frame(
            Frame(
                track: track, decodeTime: time, isKeyframe: isKeyframe || track.kind == .audio,
                payload: Bytes([UInt8](repeating: UInt8(truncatingIfNeeded: time), count: count))))
    }

    /// The records that a writer makes of entries, all of them.
    static func records(_ entries: [BroadcastEntry]) throws -> [FrameRecord] {
        var machine = FrameWriterMachine()
        return try entries.map { entry in
            guard case .write(let record, _) = machine.entryOffered(entry, room: .max, at: noon) else {
                throw FrameRecordFailure.truncated
            }
            return try FrameRecord(record.encoded)
        }
    }

    /// A beginning, then groups of `group` pictures with sound between them, then the end.
    static func broadcast(_ number: Int64, pictures: Int, group: Int) throws -> [BroadcastEntry] {
        let (video, audio) = (try videoTrack(), try audioTrack())
        var entries: [BroadcastEntry] = [.began(origin(number))]
        for time in 0..<Int64(pictures) {
            entries.append(frame(video, time, isKeyframe: time % Int64(group) == 0))
            entries.append(frame(audio, time))
        }
        return entries + [.ended]
    }
}

extension BroadcastEntry {
    /// `began 7`, `video 100 key`, `audio 3 key`, `interrupted`, `ended`.
    var label: String {
        switch self {
        case .began(let origin): "began \(origin.firstSegmentNumber)"
        case .frame(let frame): "\(frame.track.kind) \(frame.decodeTime)\(frame.isKeyframe ? " key" : "")"
        case .interrupted: "interrupted"
        case .ended: "ended"
        }
    }
}
