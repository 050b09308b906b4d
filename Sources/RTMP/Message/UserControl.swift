import Bytes

// User control message (RTMP 1.0, 7.1.7): event type (2), event data
//
//   0 stream begin, 1 stream end, 3 buffer length, 6 ping request, 7 ping response, ...

/// The user control events that a publishing session acts on or sends.
enum UserControl: Equatable {
    /// A message stream can be used now.
    case streamBegin(UInt32)
    /// To be answered with the same four bytes.
    case pingRequest(UInt32)
    case pingResponse(UInt32)

    private static let streamBeginType: UInt16 = 0
    private static let pingRequestType: UInt16 = 6
    private static let pingResponseType: UInt16 = 7

    /// - Returns: `nil` for every other event, and for those that end too early.
    init?(_ payload: Bytes) {
        var reader = ByteReader(payload)
        guard let type = try? reader.readUInt16(), let value = try? reader.readUInt32() else { return nil }
        switch type {
        case Self.streamBeginType: self = .streamBegin(value)
        case Self.pingRequestType: self = .pingRequest(value)
        case Self.pingResponseType: self = .pingResponse(value)
        default: return nil
        }
    }

    var message: RawMessage {
        var writer = ByteWriter(capacity: 6)
        switch self {
        case .streamBegin(let stream):
            writer.write(Self.streamBeginType)
            writer.write(stream)
        case .pingRequest(let time):
            writer.write(Self.pingRequestType)
            writer.write(time)
        case .pingResponse(let time):
            writer.write(Self.pingResponseType)
            writer.write(time)
        }
        return RawMessage(type: MessageType.userControl, payload: writer.finish())
    }
}
