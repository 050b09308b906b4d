import Bytes
import Media

/// Entries for frame logs, and a short text that tells them apart.
enum TestEntries {
    static func audioTrack() throws -> Track { Track(.aac(try AACConfiguration(specificConfig: [0x12, 0x10]))) }

    /// 1280 x 720, High profile.
    static func videoTrack() throws -> Track {
        let sequence: Bytes = [
            0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
            0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
        ]
        return Track(
            .avc(
                try AVCConfiguration(
                    sequenceParameterSets: [sequence], pictureParameterSets: [[0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0]])))
    }

    static func began(_ number: Int64) -> BroadcastEntry {
        .began(BroadcastOrigin(unixMilliseconds: 0, firstSegmentNumber: number, firstDiscontinuitySequence: 0))
    }

    static func frame(_ track: Track, _ time: Int64, isKeyframe: Bool = true, count: Int = 10) -> BroadcastEntry {
        .frame(
            Frame(
                track: track, decodeTime: time, isKeyframe: isKeyframe,
                payload: Bytes([UInt8](repeating: 1, count: count))))
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
