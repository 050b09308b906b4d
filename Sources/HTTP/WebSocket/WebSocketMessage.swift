public import Bytes

/// What two ends of a WebSocket say to each other (RFC 6455, 5.6).
public enum WebSocketMessage: Sendable, Equatable {
    /// Valid UTF-8.
    case text(Bytes)
    case binary(Bytes)
}

/// How an end says goodbye (RFC 6455, 5.5.1).
public struct WebSocketClose: Sendable, Equatable {
    public let code: WebSocketCloseCode
    /// For people who look for a mistake, at most 123 bytes of UTF-8.
    public let reason: String

    /// The longest reason that fits into a control frame behind the code, in bytes.
    public static let reasonBytesMax = WebSocketFrame.controlBytesMax - 2

    /// - Parameter reason: Cut behind the last whole character that fits.
    public init(_ code: WebSocketCloseCode, _ reason: String = "") {
        self.code = code
        var fitting = reason
        while fitting.utf8.count > Self.reasonBytesMax { fitting.removeLast() }
        self.reason = fitting
    }
}

/// Why a WebSocket ends, as a number (RFC 6455, 7.4).
public struct WebSocketCloseCode: Sendable, Hashable {
    public let value: UInt16

    /// A code that may be sent: 1000 to 1014 as far as registered, and 3000 to 4999.
    ///
    /// - Returns: nil for all others: 1004 to 1006 and 1015 say something that never travels, the rest is unassigned.
    public init?(_ value: UInt16) {
        switch value {
        case 1000...1003, 1007...1014, 3000...4999: self.value = value
        default: return nil
        }
    }

    private init(known value: UInt16) { self.value = value }

    /// Nothing more to say.
    public static let normal = WebSocketCloseCode(known: 1000)
    /// The server shuts down, or the page was left.
    public static let goingAway = WebSocketCloseCode(known: 1001)
    public static let protocolError = WebSocketCloseCode(known: 1002)
    /// A kind of message that this end does not take.
    public static let unsupportedData = WebSocketCloseCode(known: 1003)
    /// A text that is no UTF-8.
    public static let invalidPayload = WebSocketCloseCode(known: 1007)
    public static let policyViolation = WebSocketCloseCode(known: 1008)
    public static let messageTooBig = WebSocketCloseCode(known: 1009)
    public static let internalError = WebSocketCloseCode(known: 1011)
    /// Connect again in a while: what this client missed is lost.
    public static let tryAgainLater = WebSocketCloseCode(known: 1013)
}

/// Which end of a WebSocket one is: a client masks what it sends, a server does not (RFC 6455, 5.1).
public enum WebSocketRole: Sendable {
    case client
    case server
}

/// The most that a peer may send.
public struct WebSocketLimits: Sendable {
    /// One message, all its frames together, in bytes; close code 1009 beyond. Nothing is reserved for a length that
    /// is only announced.
    public var messageBytesMax: Int

    public init(messageBytesMax: Int = 64 * 1024) {
        precondition(messageBytesMax >= 0, "a message has no negative length")
        self.messageBytesMax = messageBytesMax
    }
}

/// What a peer does that ends a WebSocket at once (RFC 6455, 7.1.7).
public enum WebSocketFailure: Error, Equatable, Sendable {
    /// A reserved bit is set, although no extension was negotiated (5.2).
    case reservedBits(UInt8)
    /// An opcode without a meaning (5.2).
    case reservedOpcode(UInt8)
    /// A control frame that is not the last of its message (5.4).
    case controlFragmented
    /// A control frame of more than 125 bytes (5.5).
    case controlTooLong(Int)
    /// A client that does not mask, or a server that does (5.1).
    case maskingWrong
    /// A length that is not written in the fewest bytes, or has 64 bits (5.2).
    case lengthMalformed
    /// A message above the limit (1009).
    case messageTooBig(limit: Int)
    /// A continuation of nothing (5.4).
    case continuationUnexpected
    /// A new message within another (5.4).
    case continuationMissing
    /// A text or a reason that is no UTF-8 (8.1).
    case textInvalid
    /// A close frame of one byte (5.5.1).
    case closeTruncated
    /// A close code that never travels (7.4).
    case closeCodeInvalid(UInt16)

    /// What the peer is told.
    public var closeCode: WebSocketCloseCode {
        switch self {
        case .messageTooBig: .messageTooBig
        case .textInvalid: .invalidPayload
        case .reservedBits, .reservedOpcode, .controlFragmented, .controlTooLong, .maskingWrong, .lengthMalformed,
            .continuationUnexpected, .continuationMissing, .closeTruncated, .closeCodeInvalid:
            .protocolError
        }
    }
}
