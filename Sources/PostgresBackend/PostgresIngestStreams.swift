public import Media
public import StreamingCore
import Synchronization

/// The streams as one of several ingest instances has them: what it begins is its own, until another instance begins a
/// broadcast of the same stream.
///
/// While it runs it says that the instance is alive, and ends what instances left behind that are silent.
public final class PostgresIngestStreams: StreamRepository, Service {
    /// Broadcasts of an instance whose origins are remembered; beyond, changes of state are not checked.
    public static let originsMax = 100_000
    /// How long instances are remembered that have gone, in milliseconds.
    private static let forgottenMilliseconds = 86_400_000

    public let name = "stream ownership"
    private let streams: PostgresStreamRepository
    private let instances: PostgresInstanceRegistry
    private let instance: String
    private let clock: any WallClock
    private let logger: Logger
    private let abandoned: @Sendable (AbandonedBroadcast) async -> Void
    private let patience: Duration
    private let graceMilliseconds: Int
    private let origins = Mutex<[StreamID: BroadcastOrigin]>([:])
    /// Since when all our heartbeats have got through.
    private let heardSince: Mutex<ContinuousClock.Instant?>

    /// Says that the instance is there.
    ///
    /// - Parameters:
    ///   - instance: Its name, another one for every start of a process.
    ///   - patience: How long an instance may be silent, in milliseconds.
    ///   - graceMilliseconds: How long what is on air here when this instance ends waits for an encoder that goes on
    ///     with it elsewhere, in milliseconds.
    ///   - abandoned: Is told each broadcast that was ended here because its instance is silent.
    public init(
        _ database: PostgresDatabase, instance: String, clock: any WallClock, logger: Logger,
        patience: Int = PostgresInstanceRegistry.patienceMilliseconds, graceMilliseconds: Int = 0,
        abandoned: @escaping @Sendable (AbandonedBroadcast) async -> Void
    ) async throws(StreamError) {
        streams = PostgresStreamRepository(database)
        instances = PostgresInstanceRegistry(database)
        self.instance = instance
        self.clock = clock
        self.logger = logger
        self.abandoned = abandoned
        self.patience = .milliseconds(patience)
        self.graceMilliseconds = graceMilliseconds
        heardSince = Mutex(ContinuousClock.now)
        try await instances.heartbeat(instance)
    }

    /// Heartbeats until cancelled; then others may go on with what is still on air here, and end it when the grace is
    /// over.
    public func run() async throws {
        var isSilent = false
        // What fails here is tidied up at the next start.
        _ = try? await instances.forget(silentForMilliseconds: Self.forgottenMilliseconds)
        while !Task.isCancelled {
            do throws(StreamError) {
                try await instances.heartbeat(instance)
                heardSince.withLock { $0 = $0 ?? .now }
                _ = try await endAbandoned(at: clock.now())
                if isSilent { logger.info("the database answers again") }
                isSilent = false
            } catch {
                heardSince.withLock { $0 = nil }
                if !isSilent { logger.error("heartbeat failed", ["error": LogValue(error)]) }
                isSilent = true
            }
            // A cancelled sleep ends the loop by its condition.
            try? await Task.sleep(for: .milliseconds(PostgresInstanceRegistry.heartbeatMilliseconds))
        }
        // A task of its own: ours is cancelled. What fails here is found out by patience.
        await Task {
            try? await instances.leave(
                instance, graceMilliseconds: graceMilliseconds, patienceMilliseconds: Int(patience / .milliseconds(1)))
        }.value
    }

    public func create(_ stream: Stream, key: StreamKey) async throws(StreamError) {
        try await streams.create(stream, key: key)
    }

    public func get(_ id: StreamID) async throws(StreamError) -> Stream { try await streams.get(id) }

    public func list(
        states: Set<StreamState>, before: StreamID?, limit: Int
    ) async throws(StreamError) -> [Stream] {
        try await streams.list(states: states, before: before, limit: limit)
    }

    /// Begins a broadcast, or goes on with the one that another instance has or had on air: an encoder whose ingest
    /// died comes to us.
    public func beginBroadcast(_ id: StreamID, at time: WallTime) async throws(StreamError) -> BroadcastOrigin {
        let origin = try await streams.beginBroadcast(id, at: time, owner: instance, continuing: true)
        origins.withLock { origins in
            if origins.count >= Self.originsMax { origins = [:] }
            origins[id] = origin
        }
        return origin
    }

    /// - Throws: ``StreamError/conflict(reason:)``, too, when another instance has the stream by now.
    public func setState(
        _ id: StreamID, to state: StreamState, failure: String?, at time: WallTime
    ) async throws(StreamError) {
        let origin = origins.withLock { $0[id] }
        try await streams.setState(id, to: state, failure: failure, at: time, ifOrigin: origin)
        guard state == .ended || state == .error else { return }
        origins.withLock { origins in
            // Another broadcast may have begun here meanwhile.
            if origins[id] == origin { origins[id] = nil }
        }
    }

    public func recordDiscontinuity(_ id: StreamID, sequence: Int) async throws(StreamError) {
        try await streams.recordDiscontinuity(id, sequence: sequence)
    }

    /// Ends nothing as long as we have not been heard ourselves for as long as others may be silent: when the database
    /// was away, nobody could be heard.
    public func endAbandoned(at time: WallTime) async throws(StreamError) -> [StreamID] {
        guard let since = heardSince.withLock({ $0 }), ContinuousClock.now - since > patience else { return [] }
        let ended = try await streams.endAbandoned(
            at: time, silentForMilliseconds: Int(patience / .milliseconds(1)))
        for broadcast in ended {
            logger.warning(
                "broadcast ended: its instance is silent",
                ["stream.id": LogValue(broadcast.stream), "instance": LogValue(broadcast.owner ?? "unknown")])
            await abandoned(broadcast)
        }
        return ended.map(\.stream)
    }

    public func delete(_ id: StreamID) async throws(StreamError) { try await streams.delete(id) }
}
