internal import Dispatch
internal import StreamingCore
internal import Synchronization

/// Knows whether Kafka answers, and says it when that changes.
///
/// Fed by delivery reports and by what librdkafka says of its connections. Announcements ask it before they wait, so
/// that a pipeline fails at once and can retry while Kafka is down; frames are never held up by it, they queue.
final class KafkaHealth: Sendable {
    private struct State {
        var breaker: CircuitBreaker
        var openedAt: Int64 = 0
    }

    private let logger: Logger
    private let state: Mutex<State>

    init(logger: Logger, settings: CircuitBreaker.Settings = CircuitBreaker.Settings()) {
        self.logger = logger
        state = Mutex(State(breaker: CircuitBreaker(settings)))
    }

    /// Whether Kafka did not answer lately.
    var isDown: Bool { state.withLock { $0.breaker.isOpen } }

    /// Asks for an attempt that waits for its outcome; throws at once when it would fail.
    func admit() throws(StreamError) {
        let now = Self.now()
        let refusal: Int64? = state.withLock { state in
            state.breaker.admits(at: now) ? nil : state.breaker.pauseLeft(at: now)
        }
        if let refusal { throw .network(reason: "kafka is down; it is tried again in \(refusal) ms") }
    }

    func succeeded() {
        let now = Self.now()
        let outage: Int64? = state.withLock { state in
            state.breaker.succeeded() == .closed ? now - state.openedAt : nil
        }
        if let outage { logger.info("kafka is back", ["kafka.outage_milliseconds": LogValue(outage)]) }
    }

    func failed(_ failure: KafkaFailure) {
        let now = Self.now()
        let hasOpened = state.withLock { state in
            guard case .opened = state.breaker.failed(at: now, random: .random(in: .min ... .max)) else { return false }
            state.openedAt = now
            return true
        }
        if hasOpened {
            logger.warning("kafka is down: records are kept back", ["kafka.error": LogValue(failure.description)])
        }
    }

    /// Milliseconds of a clock that never goes back.
    static func now() -> Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) }
}
