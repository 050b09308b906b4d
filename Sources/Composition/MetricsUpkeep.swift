import PostgresBackend
import StreamingCore

/// Has room made for measurements ahead of time, and old ones dropped. Any number of processes may do so.
struct MetricsUpkeep: Service {
    /// How long after a success and after a failure, in seconds. There is room for a week ahead.
    private static let (pauseSeconds, retrySeconds) = (3600, 60)

    let name = "metrics upkeep"
    private let partitions: PostgresMetricsPartitions
    private let clock: any WallClock
    private let logger: Logger

    init(_ partitions: PostgresMetricsPartitions, clock: any WallClock = SystemWallClock(), logger: Logger) {
        self.partitions = partitions
        self.clock = clock
        self.logger = logger
    }

    /// Does it at the start and every hour, until cancelled. What the database does not do in its statement's time has
    /// failed.
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
            let changes = try await partitions.maintain(at: clock.now())
            if !changes.made.isEmpty || !changes.dropped.isEmpty {
                logger.info(
                    "metrics partitions changed",
                    [
                        "metrics.made": LogValue(changes.made.joined(separator: ",")),
                        "metrics.dropped": LogValue(changes.dropped.joined(separator: ",")),
                    ])
            }
            return true
        } catch {
            logger.warning("metrics partitions not maintained", ["error": LogValue(error)])
            return false
        }
    }
}
