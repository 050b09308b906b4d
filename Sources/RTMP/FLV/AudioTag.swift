import Bytes

// FLV audio (Adobe FLV 10.1, E.4.2)
//
// +-------------+----------+----------+------------+------------------------+------------------+
// | format (4)  | rate (2) | size (1) | stereo (1) | packet type (8)        | AudioSpecificConfig
// | 10 is AAC   |          |          |            | AAC only: 0 header, 1  | or access unit   |
// +-------------+----------+----------+------------+------------------------+------------------+
//
// Format 9 is an enhanced header: see EnhancedTag.swift.

/// One audio message.
struct AudioTag {
    /// What the message holds.
    enum Content: Equatable {
        /// The decoder configuration; some encoders send an empty one.
        case sequenceStart(Bytes)
        /// An access unit.
        case frame(Bytes)
        /// Nothing for a decoder: the end of the sequence, a channel layout, another track, or damage.
        case nothing
    }

    var codec: AudioCodec
    var content: Content

    /// - Parameter body: The payload of an audio message, not empty.
    init(_ body: Bytes) {
        codec = AudioCodec(legacyID: body[0] >> 4)
        content = .nothing
        guard body[0] >> 4 != 9 else {
            if let tag = EnhancedTag(audioBody: body) { apply(tag) }
            return
        }
        guard body.count > 1 else { return }
        guard codec == .aac else {
            content = .frame(body.dropFirst(1))
            return
        }
        switch body[1] {
        case 0: content = .sequenceStart(body.dropFirst(2))
        case 1: content = .frame(body.dropFirst(2))
        default: return
        }
    }

    private mutating func apply(_ tag: EnhancedTag) {
        codec = AudioCodec(fourCC: tag.fourCC)
        switch tag.packetType {
        case .sequenceStart: content = .sequenceStart(tag.body)
        case .codedFrames: content = .frame(tag.body)
        case .codedFramesX, .sequenceEnd, .metadata, .transportStreamSequenceStart, .other: return
        }
    }
}
