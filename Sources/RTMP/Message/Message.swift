import Bytes

/// A message whose meaning the session acts on (RTMP 1.0, 5.4 and 7.1).
///
/// SetChunkSize and Abort do not occur: they end in the chunk layer.
enum Message: Equatable {
    /// Bytes the peer has received since the connection began, modulo 2³²; some send other sums.
    case acknowledgement(UInt32)
    case userControl(UserControl)
    /// How many bytes the sender wants to send at most before it hears an acknowledgement.
    case windowAcknowledgementSize(UInt32)
    case audio(Bytes)
    case video(Bytes)
    case command(Command)
    /// The values of a data message: a handler's name and its arguments.
    case data([AMFValue])
    /// Several messages in one.
    case aggregate([RawMessage])
    /// Nothing that concerns a publishing session, or nothing at all.
    case ignored

    /// Reads a message.
    ///
    /// Types and user control events that nobody needs are ignored, and so is every message without a payload. Data
    /// that cannot be decoded is ignored too, because it is for information only; a command is not.
    init(_ raw: RawMessage) throws(RTMPFailure) {
        self = .ignored
        guard !raw.payload.isEmpty else { return }
        switch raw.type {
        case MessageType.acknowledgement: self = .acknowledgement(try Self.number(of: raw))
        case MessageType.windowAcknowledgementSize: self = .windowAcknowledgementSize(try Self.number(of: raw))
        case MessageType.userControl:
            if let event = UserControl(raw.payload) { self = .userControl(event) }
        case MessageType.audio: self = .audio(raw.payload)
        case MessageType.video: self = .video(raw.payload)
        case MessageType.commandAMF0: self = .command(try Command(raw.payload))
        case MessageType.commandAMF3: self = .command(try Command(Self.withoutFormatSelector(raw.payload)))
        case MessageType.dataAMF0: self = Self.data(of: raw.payload)
        case MessageType.dataAMF3: self = Self.data(of: Self.withoutFormatSelector(raw.payload))
        case MessageType.aggregate: self = .aggregate(AggregateMessage.parts(of: raw))
        default: return
        }
    }

    /// Types 15 and 17 begin with a byte that says which AMF follows; zero, and then AMF0, is all there is.
    private static func withoutFormatSelector(_ payload: Bytes) -> Bytes {
        payload[0] == 0 ? payload.dropFirst(1) : payload
    }

    private static func data(of payload: Bytes) -> Message {
        guard let values = try? AMF0Reader.values(of: payload) else { return .ignored }
        return .data(values)
    }

    private static func number(of raw: RawMessage) throws(RTMPFailure) -> UInt32 {
        var reader = ByteReader(raw.payload)
        guard let number = try? reader.readUInt32() else {
            throw .controlMessageTooShort(type: raw.type, length: raw.payload.count)
        }
        return number
    }
}
