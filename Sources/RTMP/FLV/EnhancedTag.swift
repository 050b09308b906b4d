import Bytes

// Enhanced video (Enhanced RTMP v2, "ExVideoTagHeader")         Enhanced audio ("ExAudioTagHeader")
//
// | 1 (1) | frame type (3) | packet type (4) |                    | 9 (4) | packet type (4) |
//
//   packet type 7, ModEx, repeats:  | size - 1 (8), or 255 and size - 1 (16) | data | kind (4) | packet type (4) |
//   video frame type 5 with any packet but metadata: a command (8), and nothing else
//   packet type 6 (video) or 5 (audio), multitrack:
//       | kind (4): 0 one track, 1 many, 2 many codecs | packet type (4) | FourCC (32), not for 2 |
//       then per track: | FourCC, for 2 | track id (8) | length (24), not for 0 | body |
//   any other: | FourCC (32) | body |

/// The header that audio and video of Enhanced RTMP share, taken apart, and the body behind it.
struct EnhancedTag {
    /// What the body is.
    enum PacketType: Equatable {
        case sequenceStart
        case codedFrames
        case sequenceEnd
        /// Coded frames without a composition offset, which is zero.
        case codedFramesX
        case metadata
        case transportStreamSequenceStart
        /// A packet that this code does not know, or does not need.
        case other
    }

    private(set) var packetType = PacketType.other
    private(set) var fourCC: UInt32 = 0
    /// Video only: 1 is a keyframe.
    private(set) var frameType: UInt8 = 0
    private(set) var body = Bytes()

    private static let modifierType: UInt8 = 7
    private static let videoCommand: UInt8 = 5
    /// The track that counts; what other tracks carry is dropped.
    private static let mainTrack: UInt8 = 0

    /// - Returns: `nil` when the header ends early, or when the packet has nothing for the main track.
    init?(videoBody: Bytes) {
        do {
            var reader = ByteReader(videoBody)
            let first = try reader.readUInt8()
            frameType = first >> 4 & 7
            let type = try Self.readModifiers(first & 0x0F, &reader)
            guard frameType != Self.videoCommand || type == 4 else { return nil }
            guard try read(&reader, type: type, multitrack: 6, named: Self.videoPacketType) else { return nil }
        } catch {
            return nil
        }
    }

    /// - Returns: `nil` when the header ends early, or when the packet has nothing for the main track.
    init?(audioBody: Bytes) {
        do {
            var reader = ByteReader(audioBody)
            let type = try Self.readModifiers(try reader.readUInt8() & 0x0F, &reader)
            guard try read(&reader, type: type, multitrack: 5, named: Self.audioPacketType) else { return nil }
        } catch {
            return nil
        }
    }

    private static func videoPacketType(_ value: UInt8) -> PacketType {
        switch value {
        case 0: .sequenceStart
        case 1: .codedFrames
        case 2: .sequenceEnd
        case 3: .codedFramesX
        case 4: .metadata
        case 5: .transportStreamSequenceStart
        default: .other
        }
    }

    private static func audioPacketType(_ value: UInt8) -> PacketType {
        switch value {
        case 0: .sequenceStart
        case 1: .codedFrames
        case 2: .sequenceEnd
        default: .other
        }
    }

    /// Skips modifiers, whose nanosecond offsets are below what the system's timeline resolves.
    private static func readModifiers(_ first: UInt8, _ reader: inout ByteReader) throws(OutOfBytes) -> UInt8 {
        var type = first
        while type == modifierType {
            var length = Int(try reader.readUInt8()) + 1
            if length == 256 { length = Int(try reader.readUInt16()) + 1 }
            try reader.skip(length)
            type = try reader.readUInt8() & 0x0F
        }
        return type
    }

    /// Reads what follows the packet type; `false` when there is nothing for the main track.
    private mutating func read(
        _ reader: inout ByteReader, type: UInt8, multitrack: UInt8, named: (UInt8) -> PacketType
    ) throws(OutOfBytes) -> Bool {
        guard type == multitrack else {
            packetType = named(type)
            fourCC = try reader.readUInt32()
            body = reader.rest
            return true
        }
        let kinds = try reader.readUInt8()
        let (isOneTrack, hasManyCodecs) = (kinds >> 4 == 0, kinds >> 4 == 2)
        packetType = named(kinds & 0x0F)
        if !hasManyCodecs { fourCC = try reader.readUInt32() }
        while !reader.isAtEnd {
            if hasManyCodecs { fourCC = try reader.readUInt32() }
            let track = try reader.readUInt8()
            body = try reader.readBytes(isOneTrack ? reader.remaining : Int(try reader.readUInt24()))
            if track == Self.mainTrack { return true }
        }
        return false
    }
}
