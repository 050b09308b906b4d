public import Bytes
public import Media

/// What a `ClientSession` says and how it behaves: by default as FFmpeg and OBS do.
public struct PublishScript: Sendable {
    /// The application, as `connect` says it.
    public var application = "live"
    /// The stream key, with a query if there is to be one.
    public var name: String
    public var url: String?
    public var encoder = "FMLE/3.0 (compatible; Sluice)"
    /// `live`, `record`, `append`, or `nil` to leave it out.
    public var publishType: String? = "live"
    /// Whether releaseStream and FCPublish are called.
    public var callsFCPublish = true
    /// The chunk size of what is sent, in bytes.
    public var chunkBytes: UInt32 = 4096
    /// The bits of `capsEx`, or `nil` for a client without Enhanced RTMP.
    public var extensions: PeerCapabilities.Extensions?

    public init(name: String) { self.name = name }
}

/// What a `ClientSession` tells its shell.
public enum ClientEvent: Sendable, Equatable {
    /// Frames can be sent now.
    case publishStarted
    /// The server wants the client to connect again, at another address if there is one.
    case reconnectRequested(url: String?)
    /// The server ended the publication; the status code says why.
    case ended(code: String)
}

/// A publisher as a machine without a socket: the other side of `ServerSession`, for tests and load generators.
///
/// It is to be driven in the same way: `receive`, `nextEvent`, `takeOutput`. It sends first.
public struct ClientSession: ~Copyable {
    private enum State {
        /// Becomes `connecting`.
        case handshaking(ClientHandshake)
        /// Waits for the answer to `connect`; becomes `creating`.
        case connecting
        /// Waits for the answer to createStream; becomes `asking`.
        case creating
        /// Waits for the status of `publish`; becomes `publishing`.
        case asking(streamID: UInt32)
        /// Becomes `closed`.
        case publishing(streamID: UInt32)
        case closed
    }

    /// The transaction ids of the calls whose answers matter.
    private enum Transaction {
        static let connect = 1.0
        static let releaseStream = 2.0
        static let fcPublish = 3.0
        static let createStream = 4.0
        static let publish = 5.0
        static let unpublish = 6.0
    }

    private let script: PublishScript
    private var state: State
    private var reader = ChunkReader()
    private var writer = ChunkWriter()
    private var output = ByteWriter()
    private var events = EventQueue<ClientEvent>()
    private var sentTracks: [MediaKind: Track] = [:]

    /// - Parameter seed: Random, another one for each connection.
    public init(_ script: PublishScript, seed: UInt64) {
        self.script = script
        let handshake = ClientHandshake(seed: seed)
        output.write(handshake.opening)
        state = .handshaking(handshake)
    }

    /// The oldest event that was not taken yet.
    public mutating func nextEvent() -> ClientEvent? { events.next() }

    /// What is to be sent to the server, in order.
    public mutating func takeOutput() -> [Bytes] {
        guard output.count > 0 else { return [] }
        var taken = ByteWriter()
        swap(&taken, &output)
        return [taken.finish()]
    }

    /// Takes bytes from the server.
    ///
    /// - Throws: `RTMPFailure.refused` when the server says no, or what is wrong with its bytes.
    public mutating func receive(_ bytes: Bytes) throws(RTMPFailure) {
        var rest = bytes
        if case .handshaking(var handshake) = state {
            let progress = try handshake.receive(bytes)
            output.write(progress.output)
            rest = progress.rest
            state = .handshaking(handshake)
            if handshake.isDone { connect() }
        }
        guard !rest.isEmpty else { return }
        reader.receive(rest)
        while let raw = try reader.next() {
            switch try Message(raw) {
            case .command(let command): try receive(command)
            case .userControl(.pingRequest(let time)):
                writer.write(UserControl.pingResponse(time).message, on: 2, into: &output)
            case .userControl, .acknowledgement, .windowAcknowledgementSize, .audio, .video, .data, .aggregate,
                .ignored:
                continue
            }
        }
    }

    /// Sends a frame, and before it the sequence header when its track is another than before. Before
    /// `publishStarted` and after the end, nothing is sent.
    public mutating func send(_ frame: EncoderFrame) {
        guard case .publishing(let streamID) = state else { return }
        let kind = frame.track.kind
        if sentTracks[kind] !== frame.track {
            sentTracks[kind] = frame.track
            var header = FLVWriter.sequenceHeader(of: frame.track)
            header.timestamp = frame.timestampMilliseconds
            send(header, streamID: streamID)
        }
        send(FLVWriter.message(of: frame), streamID: streamID)
    }

    /// Sends `onMetaData`.
    public mutating func sendMetadata(_ members: AMFObject) {
        guard case .publishing(let streamID) = state else { return }
        let payload = AMF0Writer.bytes(of: [.string("@setDataFrame"), .string("onMetaData"), .ecmaArray(members)])
        send(RawMessage(type: MessageType.dataAMF0, payload: payload), streamID: streamID)
    }

    /// Sends any message on the publication's stream, for tests of what no frame can say.
    public mutating func send(_ message: RawMessage) {
        guard case .publishing(let streamID) = state else { return }
        send(message, streamID: streamID)
    }

    /// Says goodbye as FFmpeg does; close when the output is sent.
    public mutating func close() {
        if case .publishing(let streamID) = state {
            call("FCUnpublish", Transaction.unpublish, [.null, .string(script.name)])
            call("deleteStream", Transaction.unpublish + 1, [.null, .number(Double(streamID))])
        }
        state = .closed
    }

    private mutating func connect() {
        state = .connecting
        writer.setChunkSize(script.chunkBytes, into: &output)
        var object = AMFObject(members: [
            AMFObject.Member(name: "app", value: .string(script.application)),
            AMFObject.Member(name: "type", value: .string("nonprivate")),
            AMFObject.Member(name: "flashVer", value: .string(script.encoder)),
            AMFObject.Member(
                name: "tcUrl", value: .string(script.url ?? "rtmp://127.0.0.1/\(script.application)")),
        ])
        if let extensions = script.extensions {
            object.members.append(AMFObject.Member(name: "capsEx", value: .number(Double(extensions.rawValue))))
        }
        call("connect", Transaction.connect, [.object(object)])
    }

    private mutating func receive(_ command: Command) throws(RTMPFailure) {
        switch command.name {
        case "_result": receiveResult(command)
        case "_error": throw .refused(code: Self.code(of: command) ?? "_error")
        case "onStatus": try receiveStatus(command)
        default: return
        }
    }

    private mutating func receiveResult(_ command: Command) {
        switch (state, command.transactionID) {
        case (.connecting, Transaction.connect):
            state = .creating
            if script.callsFCPublish {
                call("releaseStream", Transaction.releaseStream, [.null, .string(script.name)])
                call("FCPublish", Transaction.fcPublish, [.null, .string(script.name)])
            }
            call("createStream", Transaction.createStream, [.null])
        case (.creating, Transaction.createStream):
            let number = command.argument(0)?.number ?? 1
            let streamID = number >= 0 && number < 0x1p32 ? UInt32(number) : 1
            state = .asking(streamID: streamID)
            var values: [AMFValue] = [.null, .string(script.name)]
            if let type = script.publishType { values.append(.string(type)) }
            let publish = Command(name: "publish", transactionID: Transaction.publish, values: values)
            writer.write(publish.message(streamID: streamID), on: 8, into: &output)
        default: return
        }
    }

    private mutating func receiveStatus(_ command: Command) throws(RTMPFailure) {
        guard let code = Self.code(of: command) else { return }
        switch (state, code) {
        case (_, StatusCode.reconnectRequest.rawValue):
            events.append(.reconnectRequested(url: command.argument(0)?.members?["tcUrl"]?.text))
        case (.asking(let streamID), StatusCode.publishStart.rawValue):
            state = .publishing(streamID: streamID)
            events.append(.publishStarted)
        case (.publishing, _):
            state = .closed
            events.append(.ended(code: code))
        case (.closed, _): return
        default: throw .refused(code: code)
        }
    }

    private static func code(of command: Command) -> String? {
        command.argument(0)?.members?["code"]?.text.map { String($0.prefix(64)) }
    }

    private mutating func call(_ name: String, _ transactionID: Double, _ values: [AMFValue]) {
        let command = Command(name: name, transactionID: transactionID, values: values)
        writer.write(command.message(), on: 3, into: &output)
    }

    /// Audio, video and data each on a chunk stream of their own, so that headers stay short.
    private mutating func send(_ message: RawMessage, streamID: UInt32) {
        var message = message
        message.streamID = streamID
        let chunkStreamID =
            switch message.type {
            case MessageType.audio: 4
            case MessageType.video: 6
            default: 5
            }
        writer.write(message, on: chunkStreamID, into: &output)
    }
}
