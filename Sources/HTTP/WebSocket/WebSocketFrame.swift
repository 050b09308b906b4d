public import Bytes

/// Frames on the wire (RFC 6455, 5.2).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-------+-+-------------+-------------------------------+
///     |F|R|R|R|opcode |M| length (7)  | length (16 when 126,          |
///     |I|S|S|S|  (4)  |A|             |         64 when 127)          |
///     |N|V|V|V|       |S|             |                               |
///     | |1|2|3|       |K|             |                               |
///     +-+-+-+-+-------+-+-------------+-------------------------------+
///     | masking key (32, when M), then the payload                    |
///     +---------------------------------------------------------------+
///
/// A server's frame is the same for every client, so that one serialisation goes to all of them.
public enum WebSocketFrame {
    /// The longest payload of a control frame, in bytes (RFC 6455, 5.5).
    public static let controlBytesMax = 125

    /// What a frame is. Those from 8 on are control frames.
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        var isControl: Bool { rawValue >= 8 }
    }

    /// A whole message in one frame, header and payload in one buffer.
    ///
    /// - Parameter mask: The key of a client, a fresh random number for every frame; nil for a server.
    public static func message(_ message: WebSocketMessage, mask: UInt32? = nil) -> Bytes {
        switch message {
        case .text(let payload): serialised(.text, payload, mask: mask)
        case .binary(let payload): serialised(.binary, payload, mask: mask)
        }
    }

    /// A server's text message.
    public static func text(_ text: String) -> Bytes { message(.text(Bytes(utf8: text))) }

    /// A question whether the other end is there (RFC 6455, 5.5.2).
    ///
    /// - Parameter payload: At most 125 bytes, which the answer repeats.
    public static func ping(_ payload: Bytes = Bytes(), mask: UInt32? = nil) -> Bytes {
        serialised(.ping, payload, mask: mask)
    }

    /// The answer to a ping (RFC 6455, 5.5.3).
    ///
    /// - Parameter payload: That of the ping.
    public static func pong(_ payload: Bytes = Bytes(), mask: UInt32? = nil) -> Bytes {
        serialised(.pong, payload, mask: mask)
    }

    /// The goodbye; nil for one without a code.
    public static func close(_ close: WebSocketClose?, mask: UInt32? = nil) -> Bytes {
        guard let close else { return serialised(.close, Bytes(), mask: mask) }
        var payload = ByteWriter(capacity: 2 + close.reason.utf8.count)
        payload.write(close.code.value)
        payload.write(utf8: close.reason)
        return serialised(.close, payload.finish(), mask: mask)
    }

    static func serialised(_ opcode: Opcode, _ payload: Bytes, isFinal: Bool = true, mask: UInt32?) -> Bytes {
        precondition(!opcode.isControl || payload.count <= controlBytesMax, "a control frame has at most 125 bytes")
        var frame = ByteWriter(capacity: payload.count + 14)
        frame.write((isFinal ? 0x80 : 0) | opcode.rawValue)
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case ...125: frame.write(masked | UInt8(payload.count))
        case ...0xFFFF:
            frame.write(masked | 126)
            frame.write(UInt16(payload.count))
        default:
            frame.write(masked | 127)
            frame.write(UInt64(payload.count))
        }
        if let mask { frame.write(mask) }
        frame.write(mask.map { payload.masked(with: $0) } ?? payload)
        return frame.finish()
    }
}

/// What stands before a payload; see ``WebSocketFrame``.
struct WebSocketFrameHeader {
    let opcode: WebSocketFrame.Opcode
    let isFinal: Bool
    /// nil for a frame of a server.
    let mask: UInt32?
    /// How long the payload is, at most what the limits allow.
    let payloadCount: Int
    /// How long the header itself is.
    let count: Int

    /// Reads a header from the front of `bytes`.
    ///
    /// - Parameter sender: Who sent it.
    /// - Returns: nil when more bytes are needed.
    /// - Throws: What is wrong with it, as soon as it can be known.
    static func read(_ bytes: Bytes, from sender: WebSocketRole) throws(WebSocketFailure) -> WebSocketFrameHeader? {
        guard bytes.count >= 2 else { return nil }
        let (first, second) = (bytes[0], bytes[1])
        guard first & 0x70 == 0 else { throw .reservedBits(first >> 4 & 7) }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else { throw .reservedOpcode(first & 0x0F) }
        let isFinal = first & 0x80 != 0
        guard isFinal || !opcode.isControl else { throw .controlFragmented }
        let isMasked = second & 0x80 != 0
        guard isMasked == (sender == .client) else { throw .maskingWrong }
        let short = Int(second & 0x7F)
        let lengthCount = short == 127 ? 8 : short == 126 ? 2 : 0
        let count = 2 + lengthCount + (isMasked ? 4 : 0)
        guard short <= 125 || !opcode.isControl else { throw .controlTooLong(short) }
        guard bytes.count >= count else { return nil }
        var reader = ByteReader(bytes.dropFirst(2))
        do {
            let length =
                switch lengthCount {
                case 8: try reader.readUInt64()
                case 2: UInt64(try reader.readUInt16())
                default: UInt64(short)
                }
            let isShortest = lengthCount == 0 || length > (lengthCount == 8 ? 0xFFFF : 125)
            guard isShortest, let payloadCount = Int(exactly: length) else {
                throw WebSocketFailure.lengthMalformed
            }
            return WebSocketFrameHeader(
                opcode: opcode, isFinal: isFinal, mask: isMasked ? try reader.readUInt32() : nil,
                payloadCount: payloadCount, count: count)
        } catch let failure as WebSocketFailure {
            throw failure
        } catch {
            // Not reached: the bytes were counted above.
            throw .lengthMalformed
        }
    }
}
