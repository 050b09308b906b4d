import Bytes

/// What the reader knows of one chunk stream: its last header, and the message that is under way.
///
/// A class because the unfinished payload cannot be copied; it never leaves its `ChunkReader`.
final class ChunkStream {
    let id: Int
    /// The absolute time of the last message.
    private(set) var timestamp: UInt32 = 0
    /// What a message without a time of its own adds: zero behind format 0.
    private var delta: UInt32 = 0
    private(set) var length = 0
    private(set) var type: UInt8 = 0
    private(set) var streamID: UInt32 = 0
    /// The last header's extended timestamp, when it had one.
    private(set) var extendedTimestamp: UInt32?
    /// The payload so far, while a message is under way.
    private var payload: ByteWriter?

    init(id: Int) { self.id = id }

    /// Whether a message has begun and is not complete.
    var isUnderWay: Bool { payload != nil }

    /// How many bytes the message under way has.
    var received: Int { payload?.count ?? 0 }

    /// How many bytes the message under way still lacks.
    var missing: Int { isUnderWay ? length - received : 0 }

    /// Takes over the fields of a header that begins a message.
    func apply(_ header: ChunkHeader) {
        if let fields = header.message {
            length = fields.length
            type = fields.type
        }
        switch header.time {
        case .absolute(let time, let streamID):
            timestamp = time
            delta = 0
            self.streamID = streamID
            extendedTimestamp = header.isExtended ? time : nil
        case .delta(let step):
            delta = step
            timestamp &+= step
            extendedTimestamp = header.isExtended ? step : nil
        case .repeated:
            timestamp &+= delta
        }
    }

    /// Begins a message; its memory grows with what arrives.
    func begin() {
        payload = ByteWriter(capacity: min(length, RTMPLimits.initialMessageBytesMax))
    }

    func append(_ bytes: Bytes) { payload?.write(bytes) }

    /// The whole message; it is no longer under way.
    func finish() -> RawMessage {
        var message = RawMessage(type: type, timestamp: timestamp, streamID: streamID, payload: Bytes())
        if let whole = payload.take() { message.payload = whole.finish() }
        return message
    }

    /// Forgets the message under way and returns how many bytes it had.
    func abort() -> Int {
        defer { payload = nil }
        return received
    }
}
