import StreamingCore

/// Looks after what is kept of audiences: room for measurements is made ahead of time, what is old goes, and sessions
/// are ended that nobody is left to end. Any number of processes may do so.
struct AudienceUpkeep: Service {
    /// How long after a success and after a failure, in seconds. There is room for a week ahead.
    private static let (pauseSeconds, retrySeconds) = (600, 30)
    /// Sessions that nobody has told of for so long have lost all who knew them, in milliseconds: they are written
    /// every ten seconds while somebody does.
    private static let silenceMilliseconds: Int64 = 300_000

    let name = "audience upkeep"
    private let retention: any AudienceRetention
    private let sessions: any ViewerSessionRepository
    private let clock: any WallClock
    private let logger: Logger

    init(
        _ retention: any AudienceRetention, sessions: any ViewerSessionRepository,
        clock: any WallClock = SystemWallClock(), logger: Logger
    ) {
        self.retention = retention
        self.sessions = sessions
        self.clock = clock
        self.logger = logger
    }

    /// Does it at the start and every ten minutes, until cancelled. What the database does not do in its statement's
    /// time has failed.
    func run() async throws {
        while !Task.isCancelled {
            let pause = await maintain() ? Self.pauseSeconds : Self.retrySeconds
            // A cancelled sleep ends the loop by its condition.
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    /// - Returns: Whether it is done.
    private func maintain() async -> Bool {
        do throws(StreamError) {
            let now = clock.now()
            let changes = try await retention.maintain(at: now)
            let ended = try await sessions.endSilent(since: now.adding(milliseconds: -Self.silenceMilliseconds))
            if changes != AudienceRetentionChanges() || ended > 0 {
                logger.info(
                    "audience tidied up",
                    [
                        "partitions.made": LogValue(changes.partitionsMade.joined(separator: ",")),
                        "partitions.dropped": LogValue(changes.partitionsDropped.joined(separator: ",")),
                        "sessions.deleted": LogValue(changes.sessions), "sessions.ended": LogValue(ended),
                        "measurements.deleted": LogValue(changes.measurements),
                    ])
            }
            return true
        } catch {
            logger.warning("audience not tidied up", ["error": LogValue(error)])
            return false
        }
    }
}
