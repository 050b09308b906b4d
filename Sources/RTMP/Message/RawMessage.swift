public import Bytes

/// The message types (RTMP 1.0, 5.4 and 7.1).
public enum MessageType {
    public static let setChunkSize: UInt8 = 1
    public static let abort: UInt8 = 2
    public static let acknowledgement: UInt8 = 3
    public static let userControl: UInt8 = 4
    public static let windowAcknowledgementSize: UInt8 = 5
    public static let setPeerBandwidth: UInt8 = 6
    public static let audio: UInt8 = 8
    public static let video: UInt8 = 9
    public static let dataAMF3: UInt8 = 15
    public static let commandAMF3: UInt8 = 17
    public static let dataAMF0: UInt8 = 18
    public static let commandAMF0: UInt8 = 20
    public static let aggregate: UInt8 = 22
}

/// A whole message as the chunk stream carries it, its payload not yet read.
public struct RawMessage: Sendable, Equatable {
    /// One of `MessageType`, or anything else the peer sends.
    public var type: UInt8
    /// Milliseconds, modulo 2³².
    public var timestamp: UInt32
    /// The message stream: 0 for the connection itself.
    public var streamID: UInt32
    public var payload: Bytes

    public init(type: UInt8, timestamp: UInt32 = 0, streamID: UInt32 = 0, payload: Bytes) {
        self.type = type
        self.timestamp = timestamp
        self.streamID = streamID
        self.payload = payload
    }

    /// The longest payload a message of a type may have.
    static func payloadBytesMax(type: UInt8) -> Int {
        switch type {
        case MessageType.audio, MessageType.video, MessageType.aggregate: RTMPLimits.mediaMessageBytesMax
        default: RTMPLimits.commandMessageBytesMax
        }
    }
}
