public import Bytes

/// Cuts messages into chunks, with the shortest headers that mean the same to every reader.
///
/// A format 3 header begins a message only behind a header with a delta: what it means behind format 0 is disputed.
public struct ChunkWriter: Sendable {
    private struct Context {
        var timestamp: UInt32
        var delta: UInt32?
        var length: Int
        var type: UInt8
        var streamID: UInt32
    }

    private var contexts: [Int: Context] = [:]
    /// The payload of a chunk at most, in bytes; the peer must have been told by a SetChunkSize message before.
    public private(set) var chunkBytesMax = 128

    public init() {}

    /// Announces another chunk size and uses it from then on.
    ///
    /// - Parameter size: 1 to 0x7FFFFFFF bytes.
    public mutating func setChunkSize(_ size: UInt32, into output: inout ByteWriter) {
        precondition(size > 0 && size <= 0x7FFF_FFFF, "a chunk has 1 to 0x7FFFFFFF bytes")
        var payload = ByteWriter(capacity: 4)
        payload.write(size)
        write(RawMessage(type: MessageType.setChunkSize, payload: payload.finish()), on: 2, into: &output)
        chunkBytesMax = Int(size)
    }

    /// Writes a message.
    ///
    /// - Parameter chunkStreamID: 2 to 65,599.
    public mutating func write(_ message: RawMessage, on chunkStreamID: Int, into output: inout ByteWriter) {
        precondition((2...65_599).contains(chunkStreamID), "a chunk stream id is 2 to 65,599")
        let extended = writeHeader(message, on: chunkStreamID, into: &output)
        var start = 0
        repeat {
            if start > 0 {
                Self.writeBasicHeader(format: 3, chunkStreamID, into: &output)
                if let extended { output.write(extended) }
            }
            let end = min(start + chunkBytesMax, message.payload.count)
            output.write(message.payload[start..<end])
            start = end
        } while start < message.payload.count
    }

    /// Writes the first chunk's header and returns its extended timestamp, if it has one.
    private mutating func writeHeader(
        _ message: RawMessage, on id: Int, into output: inout ByteWriter
    ) -> UInt32? {
        var context = Context(
            timestamp: message.timestamp, delta: nil, length: message.payload.count, type: message.type,
            streamID: message.streamID)
        defer { contexts[id] = context }
        guard let last = contexts[id], last.streamID == message.streamID, message.timestamp >= last.timestamp else {
            Self.writeBasicHeader(format: 0, id, into: &output)
            Self.writeTime(message.timestamp, into: &output)
            Self.writeKind(of: message, into: &output)
            output.writeUInt32LittleEndian(message.streamID)
            return Self.writeExtended(message.timestamp, into: &output)
        }
        let delta = message.timestamp - last.timestamp
        context.delta = delta
        let isSameKind = last.length == message.payload.count && last.type == message.type
        if isSameKind && last.delta == delta {
            Self.writeBasicHeader(format: 3, id, into: &output)
        } else {
            Self.writeBasicHeader(format: isSameKind ? 2 : 1, id, into: &output)
            Self.writeTime(delta, into: &output)
            if !isSameKind { Self.writeKind(of: message, into: &output) }
        }
        return Self.writeExtended(delta, into: &output)
    }

    private static func writeBasicHeader(format: UInt8, _ id: Int, into output: inout ByteWriter) {
        switch id {
        case ..<64:
            output.write(format << 6 | UInt8(id))
        case ..<320:
            output.write(format << 6)
            output.write(UInt8(id - 64))
        default:
            output.write(format << 6 | 1)
            output.write(UInt8((id - 64) & 0xFF))
            output.write(UInt8((id - 64) >> 8))
        }
    }

    private static func writeTime(_ time: UInt32, into output: inout ByteWriter) {
        output.writeUInt24(min(time, ChunkHeader.extendedMark))
    }

    private static func writeKind(of message: RawMessage, into output: inout ByteWriter) {
        output.writeUInt24(UInt32(message.payload.count))
        output.write(message.type)
    }

    private static func writeExtended(_ time: UInt32, into output: inout ByteWriter) -> UInt32? {
        guard time >= ChunkHeader.extendedMark else { return nil }
        output.write(time)
        return time
    }
}
