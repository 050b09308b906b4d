public import Bytes
public import Media

/// Turns audio and video messages into frames with their tracks.
///
/// What encoders get wrong about configurations ends here: they repeat them, change them, send them late, empty or
/// never. A configuration with the same content keeps its `Track` object, so that identity says whether it changed.
/// Frames that cannot be used are counted and dropped; only a codec that is not supported is an error.
public struct FrameAssembler: Sendable {
    /// A codec that this server does not pass on.
    public struct UnsupportedCodec: Error, Equatable, Sendable {
        /// The name people know it by.
        public let name: String
        public let kind: MediaKind
    }

    /// How many audio and video messages had nothing usable in them.
    public private(set) var skippedMessages = 0
    private var video = VideoAssembler()
    private var audio = AudioAssembler()

    public init() {}

    /// Frames were lost: video goes on with the next keyframe.
    mutating func requireKeyframe() { video.requireKeyframe() }

    /// Takes the payload of a video message, not empty.
    ///
    /// - Returns: `nil` when it holds no picture that can be decoded from what came before.
    public mutating func receiveVideo(_ body: Bytes, timestamp: UInt32) throws(UnsupportedCodec) -> EncoderFrame? {
        let tag = VideoTag(body)
        if case .unsupported(let name) = tag.codec, tag.content != .nothing {
            throw UnsupportedCodec(name: name, kind: .video)
        }
        switch tag.content {
        case .nothing: return nil
        case .sequenceStart(let record):
            guard try video.configure(record) else { break }
            return nil
        case .frame(let payload, let offset):
            if let frame = video.frame(
                payload, isMarkedKey: tag.isKeyframe, timestamp: timestamp, compositionOffset: offset)
            {
                return frame
            }
        }
        skippedMessages += 1
        return nil
    }

    /// Takes the payload of an audio message, not empty.
    ///
    /// - Returns: `nil` when it holds no access unit, or nothing says how to decode it.
    public mutating func receiveAudio(_ body: Bytes, timestamp: UInt32) throws(UnsupportedCodec) -> EncoderFrame? {
        let tag = AudioTag(body)
        if case .unsupported(let name) = tag.codec, tag.content != .nothing {
            throw UnsupportedCodec(name: name, kind: .audio)
        }
        switch tag.content {
        case .nothing: return nil
        case .sequenceStart(let configuration):
            guard audio.configure(configuration) else { break }
            return nil
        case .frame(let payload):
            if let frame = audio.frame(payload, timestamp: timestamp) { return frame }
        }
        skippedMessages += 1
        return nil
    }
}
