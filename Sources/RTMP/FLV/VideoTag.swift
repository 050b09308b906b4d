import Bytes

// FLV video (Adobe FLV 10.1, E.4.3)
//
// +----------------+------------+------------------+------------------------------+-----------------+
// | frame type (4) | codec (4)  | packet type (8)  | composition offset (24, SI)  | NAL units or    |
// | 1 key, 5 info  | 7 is AVC   | 0 header 1 frame | AVC only                     | decoder record  |
// +----------------+------------+------------------+------------------------------+-----------------+
//
// With the highest bit set the header is an enhanced one: see EnhancedTag.swift.

/// One video message.
struct VideoTag {
    /// What the message holds.
    enum Content: Equatable {
        /// The decoder configuration.
        case sequenceStart(Bytes)
        /// An access unit; the offset is presentation minus decode time in milliseconds.
        case frame(Bytes, compositionOffset: Int32)
        /// Nothing for a decoder: an info frame, the end of the sequence, HDR metadata, another track, or damage.
        case nothing
    }

    var codec: VideoCodec
    /// What the header says; an IDR picture is found out by looking.
    var isKeyframe: Bool
    var content: Content

    /// - Parameter body: The payload of a video message, not empty.
    init(_ body: Bytes) {
        let first = body[0]
        guard first & 0x80 == 0 else {
            self = EnhancedTag(videoBody: body).map(VideoTag.init) ?? .nothing
            return
        }
        codec = VideoCodec(legacyID: first & 0x0F)
        isKeyframe = first >> 4 == 1
        content = first >> 4 == 5 ? .nothing : Self.content(of: body, codec: codec)
    }

    private init(codec: VideoCodec, isKeyframe: Bool, content: Content) {
        self.codec = codec
        self.isKeyframe = isKeyframe
        self.content = content
    }

    private static let nothing = VideoTag(codec: .avc, isKeyframe: false, content: .nothing)

    private init(_ tag: EnhancedTag) {
        let codec = VideoCodec(fourCC: tag.fourCC)
        self.init(codec: codec, isKeyframe: tag.frameType == 1, content: .nothing)
        switch tag.packetType {
        case .sequenceStart: content = .sequenceStart(tag.body)
        case .codedFrames:
            // Only H.264 and HEVC carry a composition offset here.
            guard codec == .avc, tag.body.count >= 3 else {
                content = codec == .avc ? .nothing : .frame(tag.body, compositionOffset: 0)
                return
            }
            content = .frame(tag.body.dropFirst(3), compositionOffset: Self.signed24(tag.body, at: 0))
        case .codedFramesX: content = .frame(tag.body, compositionOffset: 0)
        case .sequenceEnd, .metadata, .transportStreamSequenceStart, .other: return
        }
    }

    private static func content(of body: Bytes, codec: VideoCodec) -> Content {
        guard body.count > 1 else { return .nothing }
        // Other codecs are refused by their name; that there is something at all is enough.
        guard codec == .avc else { return .frame(body.dropFirst(1), compositionOffset: 0) }
        guard body.count > 5 else { return .nothing }
        switch body[1] {
        case 0: return .sequenceStart(body.dropFirst(5))
        case 1: return .frame(body.dropFirst(5), compositionOffset: signed24(body, at: 2))
        default: return .nothing
        }
    }

    /// The offset is signed, although not every encoder's author knew.
    private static func signed24(_ bytes: Bytes, at start: Int) -> Int32 {
        let value = Int32(bytes[start]) << 16 | Int32(bytes[start + 1]) << 8 | Int32(bytes[start + 2])
        return (value << 8) >> 8
    }
}
