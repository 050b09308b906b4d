internal import Dispatch
import StreamingCore
internal import Synchronization

/// Lets the workers of a pool connect, at the times that ``ReconnectBackoff`` says.
final class ConnectionGate: Sendable {
    private struct Guarded {
        var backoff = ReconnectBackoff()
        var newestFailure = PostgresFailure.disconnected(reason: "no attempt was made")
        /// Signalled when somebody's attempt has ended.
        var waiting: [DispatchSemaphore] = []

        mutating func takeWaiting() -> [DispatchSemaphore] {
            defer { waiting = [] }
            return waiting
        }
    }

    private let guarded = Mutex(Guarded())
    private let target: PostgresTarget
    private let settings: PostgresSettings
    private let logger: Logger

    init(_ target: PostgresTarget, _ settings: PostgresSettings, logger: Logger) {
        self.target = target
        self.settings = settings
        self.logger = logger
    }

    /// Connects when it is time to, or learns from another worker that it cannot be done. Blocks, for the longest delay
    /// and the time that connecting may take.
    func connect() throws(PostgresFailure) -> PostgresConnection {
        let turn = DispatchSemaphore(value: 0)
        while true {
            let decision = guarded.withLock { guarded in
                let decision = guarded.backoff.wanted(at: .now)
                if decision == .waitForOther { guarded.waiting.append(turn) }
                return decision
            }
            switch decision {
            case .connect(let isProbe): return try attempt(isProbe: isProbe)
            case .wait(let until):
                // Nobody signals: it is slept.
                let milliseconds = Int(ContinuousClock.now.duration(to: until).millisecondsRoundedUp)
                _ = turn.wait(timeout: .now() + .milliseconds(milliseconds))
            case .waitForOther:
                turn.wait()
                if let outage { throw outage }
            }
        }
    }

    /// Why the newest attempt to connect failed; `nil` when it did not.
    var outage: PostgresFailure? {
        guarded.withLock { $0.backoff.state == .healthy ? nil : $0.newestFailure }
    }

    private func attempt(isProbe: Bool) throws(PostgresFailure) -> PostgresConnection {
        do throws(PostgresFailure) {
            let connection = try PostgresConnection.open(target, settings)
            noteSuccess()
            return connection
        } catch {
            noteFailure(error, isProbe: isProbe)
            throw error
        }
    }

    private func noteSuccess() {
        let (isRecovery, waiting) = guarded.withLock { guarded in
            (guarded.backoff.connected(), guarded.takeWaiting())
        }
        for turn in waiting { turn.signal() }
        if isRecovery { logger.info("database can be reached again", ["database.address": LogValue(target.address)]) }
    }

    private func noteFailure(_ failure: PostgresFailure, isProbe: Bool) {
        let (isFirst, waiting) = guarded.withLock { guarded in
            guarded.newestFailure = failure
            let isFirst = guarded.backoff.failed(isProbe: isProbe, at: .now, random: .random(in: .min ... .max))
            return (isFirst, guarded.takeWaiting())
        }
        for turn in waiting { turn.signal() }
        guard isFirst else { return }
        logger.warning(
            "database cannot be reached",
            ["database.address": LogValue(target.address), "error": LogValue(failure.streamError)])
    }
}
