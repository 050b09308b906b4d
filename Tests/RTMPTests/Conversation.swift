import Bytes
import Media

@testable import RTMP

/// An encoder written by hand, message by message, and the session it talks to.
///
/// It can send what no `ClientSession` would, and reads the answers with the module's own reader.
struct Conversation: ~Copyable {
    var session: ServerSession
    private var writer = ChunkWriter()
    private var answers = ChunkReader()
    private var handshakeMissing = 1 + 2 * 1536
    /// What the session said, in order.
    var events: [ServerEvent] = []
    /// The commands it answered with, in order.
    var commands: [Command] = []
    /// Every other message it sent, and the commands.
    var messages: [RawMessage] = []

    init(configuration: ServerConfiguration = ServerConfiguration()) {
        session = ServerSession(configuration: configuration, seed: 7)
    }

    /// Handshake and nothing more.
    mutating func shakeHands() throws {
        var opening = ByteWriter()
        opening.write(UInt8(3))
        opening.write(repeating: 0, count: 1536)
        opening.write(repeating: 0, count: 1536)
        try receive(opening.finish())
    }

    /// Up to the answer of `connect`.
    mutating func connect(_ object: AMFObject = ["app": .string("live")]) throws {
        try shakeHands()
        try call("connect", 1, [.object(object)])
    }

    /// Up to `publishRequested`.
    mutating func publish(_ name: String = "key", object: AMFObject = ["app": .string("live")]) throws {
        try connect(object)
        try call("createStream", 2, [.null])
        try call("publish", 3, [.null, .string(name), .string("live")], streamID: 1)
    }

    /// Up to the first media.
    mutating func beginPublishing(_ name: String = "key", object: AMFObject = ["app": .string("live")]) throws {
        try publish(name, object: object)
        session.accept()
        try receive(Bytes())
    }

    mutating func call(_ name: String, _ transaction: Double, _ values: [AMFValue], streamID: UInt32 = 0) throws {
        try send(Command(name: name, transactionID: transaction, values: values).message(streamID: streamID))
    }

    mutating func send(_ message: RawMessage, on chunkStream: Int = 3) throws {
        var bytes = ByteWriter()
        writer.write(message, on: chunkStream, into: &bytes)
        try receive(bytes.finish())
    }

    mutating func sendVideo(_ body: Bytes, at time: UInt32 = 0) throws {
        try send(RawMessage(type: MessageType.video, timestamp: time, streamID: 1, payload: body), on: 6)
    }

    mutating func sendAudio(_ body: Bytes, at time: UInt32 = 0) throws {
        try send(RawMessage(type: MessageType.audio, timestamp: time, streamID: 1, payload: body), on: 4)
    }

    mutating func sendData(_ values: [AMFValue]) throws {
        try send(
            RawMessage(type: MessageType.dataAMF0, streamID: 1, payload: AMF0Writer.bytes(of: values)), on: 5)
    }

    /// Gives bytes to the session and takes everything that comes of them.
    mutating func receive(_ bytes: Bytes) throws {
        defer { collect() }
        try session.receive(bytes)
    }

    mutating func collect() {
        while let event = session.nextEvent() { events.append(event) }
        for bytes in session.takeOutput() {
            let skipped = min(handshakeMissing, bytes.count)
            handshakeMissing -= skipped
            guard skipped < bytes.count else { continue }
            answers.receive(bytes.dropFirst(skipped))
            while let raw = try? answers.next() {
                messages.append(raw)
                if case .command(let command)? = try? Message(raw) { commands.append(command) }
            }
        }
    }

    /// The frames among the events.
    var frames: [EncoderFrame] {
        events.compactMap { if case .frame(let frame) = $0 { frame } else { nil } }
    }

    var requests: [PublishRequest] {
        events.compactMap { if case .publishRequested(let request) = $0 { request } else { nil } }
    }

    var ends: [PublishEnd] {
        events.compactMap { if case .publishEnded(let end) = $0 { end } else { nil } }
    }

    var closeReasons: [CloseReason] {
        events.compactMap { if case .closeNeeded(let reason) = $0 { reason } else { nil } }
    }

    /// The status codes of the answers, in order.
    var codes: [String] { commands.compactMap { $0.argument(0)?.members?["code"]?.text } }

    /// What the last status says to the person at the encoder.
    var lastText: String { commands.last?.argument(0)?.members?["description"]?.text ?? "" }

    func answers(to transaction: Double) -> [Command] { commands.filter { $0.transactionID == transaction } }
}
