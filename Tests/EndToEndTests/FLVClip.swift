import Bytes
import Foundation
import RTMP
import TestKit

/// The messages of a clip, as an encoder sends them.
///
/// ```
/// file  "FLV" 1 flags(8) headerLength(32) 0(32) | tag ...
/// tag   type(8) length(24) time(24) timeHigh(8) 0(24) body tagLength(32)
/// ```
struct FLVClip: Sendable {
    /// `onMetaData` and the sequence headers.
    let headers: [RawMessage]
    /// Coded frames of both tracks, in the order of decoding.
    let frames: [RawMessage]

    init(_ clip: TestClip) throws {
        var reader = ByteReader(Bytes([UInt8](try Data(contentsOf: clip.file))))
        try reader.skip(9 + 4)
        var headers: [RawMessage] = []
        var frames: [RawMessage] = []
        while reader.remaining >= 11 {
            let type = try reader.readUInt8()
            let length = try reader.readUInt24()
            let time = try reader.readUInt24() | UInt32(try reader.readUInt8()) << 24
            try reader.skip(3)
            let message = RawMessage(type: type, timestamp: time, payload: try reader.readBytes(Int(length)))
            try reader.skip(4)
            switch (type, message.payload.count > 1 ? message.payload[1] : 0) {
            case (MessageType.dataAMF0, _), (MessageType.audio, 0), (MessageType.video, 0): headers.append(message)
            case (_, 1): frames.append(message)
            default: continue
            }
        }
        self.headers = headers
        self.frames = frames
    }

    var messages: [RawMessage] { headers + frames }
}

extension RawMessage {
    var isVideo: Bool { type == MessageType.video }
    var isAudio: Bool { type == MessageType.audio }
    var isKeyframe: Bool { isVideo && !payload.isEmpty && payload[0] >> 4 == 1 }

    /// The same message at another time, modulo 2³².
    func delayed(by milliseconds: UInt32) -> RawMessage { at(timestamp &+ milliseconds) }

    func at(_ time: UInt32) -> RawMessage {
        var message = self
        message.timestamp = time
        return message
    }
}
