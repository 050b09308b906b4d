public import Bytes
import Media

/// One encoder's connection, as a machine without a socket and without a clock.
///
/// The shell gives it bytes and takes events and output; nothing else happens:
/// ```
/// try session.receive(bytes)                       // then, always:
/// while let event = session.nextEvent() { ... }    // maybe accept() or reject(_:) now or later
/// for bytes in session.takeOutput() { ... }        // send
/// ```
/// When `receive` throws, the events and the output before the failure are still there; then close the connection.
///
/// The order is: handshake, `connect`, any number of calls, `publish`, the shell's answer, media, the end of the
/// publication, maybe another `publish`.
public struct ServerSession: ~Copyable {
    enum State {
        /// Becomes `awaitsConnect`.
        case handshaking(ServerHandshake)
        /// Becomes `connected`.
        case awaitsConnect
        /// Nothing is published; becomes `pending`.
        case connected
        /// `publish` waits for the shell's answer; becomes `publishing`, or `connected` when the encoder gives up.
        case pending(Publication)
        /// Media flows; becomes `connected` when the encoder ends it.
        case publishing(Publication)
        /// Nothing is read any more. Every state can become this one.
        case closed
    }

    /// A `publish` call.
    struct Publication {
        /// The message stream that its answers belong to.
        var streamID: UInt32
    }

    let configuration: ServerConfiguration
    var state: State
    var events = EventQueue<ServerEvent>()
    /// The application of `connect`. It can hold a stream key, so it goes nowhere but into a `PublishRequest`.
    var application = ""
    var capabilities = PeerCapabilities()
    var messageStreams = 0
    /// Whether the encoder called FCPublish and so expects `onFCPublish` when it may begin.
    var expectsFCPublish = false
    var assembler = FrameAssembler()
    /// What the encoder said last about the current publication.
    var lastMetadata: StreamMetadata?
    var held = HeldEvents()
    private var reader = ChunkReader()
    private var writer = ChunkWriter()
    private var output = ByteWriter()
    private var window: AcknowledgementWindow
    private var silence: SilenceWatch

    /// - Parameter seed: Random, another one for each connection: it fills the server's part of the handshake.
    public init(configuration: ServerConfiguration = ServerConfiguration(), seed: UInt64) {
        self.configuration = configuration
        state = .handshaking(ServerHandshake(seed: seed))
        window = AcknowledgementWindow(window: configuration.windowBytes)
        silence = SilenceWatch(pingAfterMilliseconds: configuration.pingAfterMilliseconds)
    }

    /// Bytes received since the connection began.
    public var bytesReceived: UInt64 { window.received }

    /// Audio and video messages of the current publication that held nothing usable.
    public var skippedMessages: Int { assembler.skippedMessages }

    /// Whether the shell accepted a publication that has not ended.
    public var isPublishing: Bool { if case .publishing = state { true } else { false } }

    /// Takes bytes from the peer. After the end they are ignored.
    ///
    /// - Throws: `RTMPFailure` when the peer cannot be understood; nothing is read afterwards.
    public mutating func receive(_ bytes: Bytes) throws(RTMPFailure) {
        if case .closed = state { return }
        window.bytesReceived(bytes.count)
        silence.heard()
        do throws(RTMPFailure) {
            try read(bytes)
        } catch {
            state = .closed
            throw error
        }
    }

    /// The oldest event that was not taken yet.
    public mutating func nextEvent() -> ServerEvent? { events.next() }

    /// What is to be sent to the peer, in order; empty when there is nothing.
    public mutating func takeOutput() -> [Bytes] {
        guard output.count > 0 else { return [] }
        var taken = ByteWriter()
        swap(&taken, &output)
        return [taken.finish()]
    }

    /// Lets the encoder publish, in answer to `publishRequested`. Without a request that waits, nothing happens: the
    /// encoder may have given up meanwhile.
    public mutating func accept() {
        guard case .pending(let publication) = state else { return }
        state = .publishing(publication)
        send(UserControl.streamBegin(publication.streamID).message, on: ChunkStreamID.control)
        if expectsFCPublish {
            let status = StatusInformation(level: .status, code: .publishStart, text: "Publishing may begin.")
            send(Command(name: "onFCPublish", transactionID: 0, values: [.null, status.value]))
        }
        send(
            StatusInformation(level: .status, code: .publishStart, text: "The stream is being published."),
            to: publication)
        for event in held.release() { events.append(event) }
    }

    /// Does not let the encoder publish, in answer to `publishRequested`; `closeNeeded` follows.
    public mutating func reject(_ reason: PublishRejection) {
        guard case .pending(let publication) = state else { return }
        send(reason.status, to: publication)
        close(.rejected(reason))
    }

    /// Ends the session from the server's side; `closeNeeded` follows.
    public mutating func end(_ reason: ServerStop) {
        switch state {
        case .closed: return
        case .handshaking, .awaitsConnect, .connected: break
        case .pending(let publication): send(reason.status, to: publication)
        case .publishing(let publication):
            send(reason.status, to: publication)
            events.append(.publishEnded(.stopped(reason)))
        }
        close(.stopped(reason))
    }

    /// Asks the encoder to connect again, for a server that is about to go down (Enhanced RTMP v2).
    ///
    /// - Parameter url: Where to, `rtmp://host:port/application`; `nil` for the same address.
    /// - Returns: Whether the encoder understands it. If not, nothing was sent.
    public mutating func requestReconnect(to url: String? = nil) -> Bool {
        switch state {
        case .handshaking, .awaitsConnect, .closed: return false
        case .connected, .pending, .publishing: break
        }
        guard capabilities.extensions.contains(.reconnect) else { return false }
        var status = StatusInformation(
            level: .status, code: .reconnectRequest, text: "The server is about to go down; please connect again.")
        if let url { status.more.append(AMFObject.Member(name: "tcUrl", value: .string(url))) }
        send(status.command)
        return true
    }

    /// Time passed; a ping may have to be sent.
    ///
    /// - Parameter nowMilliseconds: Of a clock that never goes back, always the same one.
    public mutating func tick(nowMilliseconds: Int64) {
        guard silence.timePassed(to: nowMilliseconds) else { return }
        switch state {
        case .handshaking, .awaitsConnect, .closed: return
        case .connected, .pending, .publishing:
            let time = UInt32(truncatingIfNeeded: nowMilliseconds)
            send(UserControl.pingRequest(time).message, on: ChunkStreamID.control)
        }
    }

    /// For how long the peer has sent nothing, as far as `tick` was told the time.
    public func silenceMilliseconds(nowMilliseconds: Int64) -> Int64 { silence.silence(at: nowMilliseconds) }
}

extension ServerSession {
    /// The chunk streams that the server sends on; peers take any.
    enum ChunkStreamID {
        static let control = 2
        static let command = 3
        static let status = 5
    }

    private mutating func read(_ bytes: Bytes) throws(RTMPFailure) {
        var rest = bytes
        if case .handshaking(var handshake) = state {
            let progress = try handshake.receive(bytes)
            output.write(progress.output)
            rest = progress.rest
            state = handshake.isDone ? .awaitsConnect : .handshaking(handshake)
        }
        guard !rest.isEmpty else { return }
        reader.receive(rest)
        while let raw = try reader.next() {
            try receive(raw)
            if case .closed = state { return }
            // A peer that only asks and never reads must not fill the memory with answers.
            guard output.count <= RTMPLimits.outputBytesMax else {
                throw .outputTooLong(output.count, limit: RTMPLimits.outputBytesMax)
            }
        }
        if let count = window.acknowledgementDue() { send(number: count, type: MessageType.acknowledgement) }
    }

    private mutating func receive(_ raw: RawMessage) throws(RTMPFailure) {
        switch try Message(raw) {
        case .audio(let body): receiveMedia(body, isVideo: false, timestamp: raw.timestamp)
        case .video(let body): receiveMedia(body, isVideo: true, timestamp: raw.timestamp)
        case .command(let command): try receive(command, streamID: raw.streamID)
        case .data(let values): receiveData(values)
        case .aggregate(let parts):
            for part in parts {
                if case .closed = state { return }
                try receive(part)
            }
        case .userControl(.pingRequest(let time)):
            send(UserControl.pingResponse(time).message, on: ChunkStreamID.control)
        case .windowAcknowledgementSize(let size): window.windowAnnounced(size)
        // What peers acknowledge differs; this server sends too little to care.
        case .acknowledgement, .userControl, .ignored: return
        }
    }

    mutating func send(_ message: RawMessage, on chunkStreamID: Int) {
        writer.write(message, on: chunkStreamID, into: &output)
    }

    mutating func send(_ command: Command) { send(command.message(), on: ChunkStreamID.command) }

    mutating func send(_ status: StatusInformation, to publication: Publication) {
        send(status.command.message(streamID: publication.streamID), on: ChunkStreamID.status)
    }

    mutating func send(number: UInt32, type: UInt8) {
        var payload = ByteWriter(capacity: 4)
        payload.write(number)
        send(RawMessage(type: type, payload: payload.finish()), on: ChunkStreamID.control)
    }

    mutating func sendChunkSize() { writer.setChunkSize(configuration.chunkBytes, into: &output) }

    /// The last event; what is in the output still has to be sent.
    mutating func close(_ reason: CloseReason) {
        state = .closed
        held = HeldEvents()
        events.append(.closeNeeded(reason))
    }
}
