import Bytes
import Network
import RTMP
import StreamingCore

/// One RTMP connection from its first byte to its last: the shell around ``ServerSession``.
///
/// It lives on its connection's event loop; nothing here leaves that thread but the questions to the database.
actor PublishConnection {
    nonisolated var unownedExecutor: UnownedSerialExecutor { connection.loop.isolation.asUnownedSerialExecutor() }

    private let connection: TCPConnection
    private let identifier: UInt64
    private let service: IngestService
    private let logger: Logger
    private let order = StopOrder()
    private var session: ServerSession
    private var broadcast: Broadcast?
    /// When a broadcast must have begun, while there is none.
    private var publishDeadline: LoopTime
    /// Whether the encoder itself said that it is done.
    private var isDeliberate = false
    /// Whether the encoder was asked to connect elsewhere. What it ends then, it goes on with there.
    private var isSentAway = false

    init(_ connection: TCPConnection, identifier: UInt64, service: IngestService) {
        self.connection = connection
        self.identifier = identifier
        self.service = service
        logger = service.logger.with("connection.id", LogValue(identifier))
            .with("peer.address", LogValue(connection.peer.description))
        publishDeadline = connection.loop.now + .milliseconds(IngestLimits.publishMilliseconds)
        var configuration = ServerConfiguration()
        configuration.pingAfterMilliseconds = service.configuration.idleMilliseconds / 2
        session = ServerSession(configuration: configuration, seed: .random(in: .min ... .max))
    }

    /// How a connection came to its end.
    private enum Ending {
        case peerClosed
        case sessionClosed(CloseReason)
        case idle
        case malformed(RTMPFailure)
        case failed(any Error)
        case ordered(StopReason)
        case cancelled
    }

    /// Serves the connection until it ends, then gives the stream back.
    func run() async {
        logger.debug("connection accepted")
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await self.converse() }
            group.addTask { await self.order.wait().map { .ordered($0) } ?? .cancelled }
            // The group has two tasks, so there is a first result.
            let first = await group.next() ?? .cancelled
            group.cancelAll()
            return first
        }
        await conclude(ending)
    }

    // MARK: - Conversation

    private func converse() async -> Ending {
        do {
            while true {
                guard let bytes = try await nextBytes() else { return .peerClosed }
                do throws(RTMPFailure) { try session.receive(bytes) } catch {
                    // What was understood before the failure still counts.
                    _ = try await handleEvents()
                    try await sendOutput()
                    return .malformed(error)
                }
                if let reason = try await handleEvents() { return .sessionClosed(reason) }
                if service.isHandingOver { sendAway() }
                try await sendOutput()
            }
        } catch NetworkError.readTimedOut {
            return .idle
        } catch {
            return error is CancellationError ? .cancelled : .failed(error)
        }
    }

    /// The next bytes from the encoder; `nil` when it has closed.
    ///
    /// - Throws: `NetworkError.readTimedOut` when it was silent for too long, or takes too long to begin a broadcast:
    /// who
    ///   trickles bytes without ever showing a key must not hold a connection.
    private func nextBytes() async throws -> Bytes? {
        let settings = service.configuration
        var silentUntil = connection.loop.now + .milliseconds(settings.idleMilliseconds)
        if broadcast == nil { silentUntil = min(silentUntil, publishDeadline) }
        let pingAt = connection.loop.now + .milliseconds(settings.idleMilliseconds / 2)
        do {
            return try await read(before: min(pingAt, silentUntil))
        } catch NetworkError.readTimedOut where connection.loop.now < silentUntil {
            session.tick(nowMilliseconds: connection.loop.now.nanoseconds / 1_000_000)
            try await sendOutput()
            return try await read(before: silentUntil)
        }
    }

    private func read(before deadline: LoopTime) async throws -> Bytes? {
        let interval = service.configuration.readIntervalMilliseconds
        guard broadcast != nil, interval > 0 else { return try await connection.read(before: deadline) }
        return try await connection.read(pacedBy: .milliseconds(interval), before: deadline)
    }

    private func sendOutput() async throws {
        let output = session.takeOutput()
        if !output.isEmpty { try await connection.write(output) }
    }

    /// Handles all events that there are.
    ///
    /// - Returns: The session's reason to close, if it has one.
    private func handleEvents() async throws -> CloseReason? {
        let now = service.clock.now()
        let stopwatch = Stopwatch()
        var sawFrames = false
        while let event = session.nextEvent() {
            switch event {
            case .frame(let frame):
                guard let broadcast else { continue }
                sawFrames = true
                service.metrics.received(frame)
                if !broadcast.receive(frame, from: identifier, at: now) { order.give(.logFailed) }
            case .connected(let information):
                logger.debug("connected", ["encoder.name": LogValue(information.encoder)])
            case .publishRequested(let request):
                // Everything that is ready goes out first; the answer then follows alone.
                try await sendOutput()
                await answer(request)
            case .metadata(let metadata):
                logger.debug("metadata", ["encoder.name": LogValue(metadata.encoder ?? "")])
            case .publishEnded(let end):
                await publishEnded(end)
            case .closeNeeded(let reason):
                return reason
            }
        }
        if sawFrames { service.metrics.flushed(stopwatch) }
        // Rarely there is something to write down: a new discontinuity. The encoder does not wait for a slow database.
        if sawFrames, let broadcast, broadcast.hasChanges { Task { await broadcast.recordChanges() } }
        return nil
    }

    /// Asks an encoder that publishes to do so elsewhere, once, if it knows such a request.
    private func sendAway() {
        guard broadcast != nil, !isSentAway else { return }
        isSentAway = session.requestReconnect(to: service.configuration.handOver?.address)
        if isSentAway { logger.info("encoder asked to reconnect") }
    }

    // MARK: - Publication

    private func answer(_ request: PublishRequest) async {
        do throws(StreamError) {
            let text = Secret(Self.withoutRepetition(request.streamKey.revealed))
            let key = try await service.keys.validate(digest: StreamKey.digest(of: text))
            let publisher = Publisher(connection: identifier, keyID: key.id, order: order)
            broadcast = try await service.registry.claim(key.streamID, by: publisher)
            logger.info(
                "publish accepted", ["stream.id": LogValue(key.streamID), "key.id": LogValue(key.id)])
            session.accept()
            service.metrics.publishEnded(nil)
        } catch {
            service.metrics.publishEnded(error)
            let rejection: PublishRejection =
                switch error {
                case .invalidKey, .notFound, .invalidValue: .badName
                case .revokedKey: .denied
                case .conflict: .alreadyPublishing
                case .network, .transcoding, .database, .overloaded: .unavailable
                }
            if let hidden = service.refusals.admit(at: service.clock.now()) {
                logger.warning("publish refused", ["error": LogValue(error), "lines.hidden": LogValue(hidden)])
            }
            session.reject(rejection)
        }
    }

    /// The key, also where it came twice: who pastes the whole publish address as the server, and the key into the
    /// field for the key, publishes to `live/KEY/KEY`.
    static func withoutRepetition(_ key: String) -> String {
        let halves = key.split(separator: "/")
        return halves.count == 2 && halves[0] == halves[1] ? String(halves[0]) : key
    }

    private func publishEnded(_ end: PublishEnd) async {
        switch end {
        case .unpublished: isDeliberate = !isSentAway
        case .unsupportedCodec(let name):
            if let broadcast {
                self.broadcast = nil
                let reason = "\(name) is not supported: publish H.264 with AAC"
                await service.registry.fail(broadcast, from: identifier, because: reason)
            }
        case .stopped: break
        }
        await release()
    }

    private func release() async {
        guard let broadcast else { return }
        self.broadcast = nil
        publishDeadline = connection.loop.now + .milliseconds(IngestLimits.publishMilliseconds)
        await service.registry.connectionLost(identifier, of: broadcast, isDeliberate: isDeliberate)
        isDeliberate = false
    }

    // MARK: - End

    private func conclude(_ ending: Ending) async {
        switch ending {
        case .peerClosed, .cancelled: logger.debug("connection closed")
        case .sessionClosed(let reason): logger.info("connection closed", ["reason": LogValue("\(reason)")])
        case .idle:
            logger.info("connection closed", ["reason": "idle"])
            session.end(.idle)
        case .malformed(let failure):
            service.metrics.connectionWasMalformed()
            if let hidden = service.refusals.admit(at: service.clock.now()) {
                logger.warning("malformed RTMP", ["error": LogValue(failure), "lines.hidden": LogValue(hidden)])
            }
        case .failed(let error): logger.debug("connection failed", ["error": LogValue(error)])
        case .ordered(let reason):
            logger.info("connection closed", ["reason": LogValue(reason.rawValue)])
            session.end(reason.serverStop)
        }
        // The answer that waits, if any, and the status go out before the stream is given back: an encoder that is
        // told why must not wait for our database.
        let farewell = session.takeOutput()
        await release()
        await connection.close(sending: farewell)
    }
}

extension StopReason {
    fileprivate var serverStop: ServerStop {
        switch self {
        case .takenOver: .takenOver
        case .streamDeleted, .keyRevoked: .revoked
        case .shutdown, .handedOver, .logFailed: .shutDown
        }
    }
}
