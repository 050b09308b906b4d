import Bytes
import Media

/// Writes the bodies of audio and video messages for frames, with the classic headers.
enum FLVWriter {
    /// The sequence header of a track.
    static func sequenceHeader(of track: Track) -> RawMessage {
        var writer = ByteWriter(capacity: 64)
        switch track.configuration {
        case .avc(let avc):
            writer.write(UInt8(0x17))
            writer.write(UInt32(0))
            writer.write(avc.decoderConfigurationRecord)
            return RawMessage(type: MessageType.video, payload: writer.finish())
        case .aac(let aac):
            writer.write(UInt16(0xAF00))
            writer.write(aac.specificConfig)
            return RawMessage(type: MessageType.audio, payload: writer.finish())
        }
    }

    /// The message of a frame.
    static func message(of frame: EncoderFrame) -> RawMessage {
        var writer = ByteWriter(capacity: frame.payload.count + 5)
        switch frame.track.kind {
        case .video:
            writer.write(UInt8(frame.isKeyframe ? 0x17 : 0x27))
            writer.write(UInt8(1))
            writer.writeUInt24(UInt32(bitPattern: frame.compositionOffsetMilliseconds) & 0xFF_FFFF)
        case .audio: writer.write(UInt16(0xAF01))
        }
        writer.write(frame.payload)
        let type = frame.track.kind == .video ? MessageType.video : MessageType.audio
        return RawMessage(type: type, timestamp: frame.timestampMilliseconds, payload: writer.finish())
    }
}
