import Dispatch
import StreamingCore
import Synchronization

/// What the threads of a pool share with its callers: the decisions behind a lock, and the connections.
///
/// The threads hold it, and not the pool that callers hold, so that the latter can end them.
final class PoolCore: Sendable {
    let settings: RedisSettings
    /// What all connections share of TLS; `nil` without it.
    let tls: TLSContext?
    let connections: [RedisConnection]
    private let machine: Mutex<PoolStateMachine>
    private let logger: Logger?

    init(_ settings: RedisSettings, _ tls: TLSContext?, _ logger: Logger?) {
        self.settings = settings
        self.tls = tls
        self.logger = logger
        connections = (0..<settings.connectionCount).map { _ in RedisConnection() }
        machine = Mutex(PoolStateMachine(connectionCount: settings.connectionCount))
    }

    func start() { for index in connections.indices { ConnectionThread.start(index, of: self) } }

    func close() { for connection in connections { connection.close() } }

    // MARK: Callers

    func submit(_ request: RedisRequest) {
        while true {
            switch machine.withLock({ $0.submitted(request) }) {
            case .refuse(let error): return request.answer(.failure(error))
            case .wait: return expire(at: request.deadline)
            case .hand(let index):
                if connections[index].append(request) { return }
                // It was lost meanwhile, which the machine was told before the connection refused: so it will not be
                // chosen again.
                machine.withLock { $0.ended(on: index, bytes: request.commands.byteCount) }
            }
        }
    }

    /// Looks at that time for those who waited too long.
    private func expire(at deadline: ContinuousClock.Instant) {
        let delay = WakeUp.pollMilliseconds(until: deadline)
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(delay))) { [weak self] in
            // Without the pool, nobody waits any more.
            guard let self else { return }
            let late = self.machine.withLock { $0.expired(at: .now) }
            for request in late { request.answer(.failure(RedisFailure.timedOut.error(at: self.settings.address))) }
        }
    }

    // MARK: Threads

    func opened(_ index: Int) {
        let (requests, news) = machine.withLock { $0.opened(index) }
        for request in requests {
            // Only its own thread, which is here, makes a connection refuse requests.
            let isTaken = connections[index].append(request)
            precondition(isTaken, "a connection that has just been opened takes requests")
        }
        tell(news)
    }

    func lost(_ index: Int) { machine.withLock { $0.lost(index) } }

    func failed(_ index: Int, _ failure: RedisFailure) {
        let error = failure.error(at: settings.address)
        let (requests, news) = machine.withLock { $0.failed(index, error) }
        for request in requests { request.answer(.failure(error)) }
        tell(news)
    }

    /// A connection got no answer in time: the idle ones find out whether the server lives before anybody waits for
    /// them.
    func timedOut(_ index: Int) {
        for (other, connection) in connections.enumerated() where other != index { connection.prove() }
    }

    /// A request that nobody waits for and that a server which lives answers quickly.
    func proof(on index: Int) -> RedisRequest {
        let request = RedisRequest(commands: RedisCommands("PING"), deadline: .now + RedisLimits.proofTimeMax) { _ in }
        machine.withLock { $0.began(request, on: index) }
        return request
    }

    func end(_ finished: [Pipeline.Finished], on index: Int) {
        machine.withLock { machine in
            for one in finished { machine.ended(on: index, bytes: one.request.commands.byteCount) }
        }
        for one in finished { one.request.answer(.success(one.replies)) }
    }

    func end(_ requests: [RedisRequest], on index: Int, with failure: RedisFailure) {
        machine.withLock { machine in
            for request in requests { machine.ended(on: index, bytes: request.commands.byteCount) }
        }
        for request in requests { request.answer(.failure(failure.error(at: settings.address))) }
    }

    private func tell(_ news: PoolStateMachine.News) {
        switch news {
        case .none: break
        case .down(let error): logger?.warning("redis cannot be used", ["error": LogValue(error)])
        case .up: logger?.info("redis can be used again")
        }
    }
}
