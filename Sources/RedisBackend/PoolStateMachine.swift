import StreamingCore

/// Decides which connection takes a request, and that nobody waits for a server that is down.
///
/// ```
///              ┌──────────── lost ◀────────────┐
///              ▼                               │
///  start ──▶ opening ──────── opened ──────▶ open
///              │                  ▲            │
///              └─ failed ──▶ failed ◀─ failed ─┘      (tried again after a delay)
/// ```
/// A request goes to the open connection with the least work. When none is open, it waits while one is being opened
/// for the first time since it was lost; when all have failed, it is refused at once with the reason. That is the
/// circuit breaker: connections that are tried again in the background are its half-open state.
struct PoolStateMachine {
    /// What happens with a request.
    enum Submission {
        case hand(connection: Int)
        /// It waits here, and ``expired(at:)`` must be called at its deadline.
        case wait
        case refuse(StreamError)
    }

    /// What to tell whoever reads the log.
    enum News: Equatable { case none, down(StreamError), up }

    private enum Standing {
        case opening
        case open
        case failed(StreamError)
    }

    /// Every request counts as much as a value of this size, so that many small ones are not one connection's alone.
    private static let costOfCall = 16 << 10

    private struct Connection {
        var standing = Standing.opening
        var cost = 0
    }

    private var connections: [Connection]
    private var waiting = Queue<RedisRequest>()
    private var calls = 0
    private var callBytes = 0
    private var isDown = false

    init(connectionCount: Int) {
        connections = Array(repeating: Connection(), count: connectionCount)
    }

    mutating func submitted(_ request: RedisRequest) -> Submission {
        let bytes = request.commands.byteCount
        guard calls < RedisLimits.callsMax else { return .refuse(.overloaded(what: "calls to Redis under way")) }
        guard callBytes + bytes <= RedisLimits.callBytesMax else {
            return .refuse(.overloaded(what: "bytes under way to Redis"))
        }
        if let least = leastBusy {
            begin(bytes, on: least)
            return .hand(connection: least)
        }
        if let failure = failureOfAll { return .refuse(failure) }
        calls += 1
        callBytes += bytes
        waiting.append(request)
        return .wait
    }

    /// A connection's thread put a request of its own under way.
    mutating func began(_ request: RedisRequest, on connection: Int) {
        begin(request.commands.byteCount, on: connection)
    }

    /// A request that was handed to a connection has its answer, whichever.
    mutating func ended(on connection: Int, bytes: Int) {
        connections[connection].cost -= Self.costOfCall + bytes
        calls -= 1
        callBytes -= bytes
    }

    /// - Returns: What waited and is now handed to this connection.
    mutating func opened(_ connection: Int) -> (requests: [RedisRequest], news: News) {
        connections[connection].standing = .open
        let requests = takeWaiting()
        for request in requests { begin(request.commands.byteCount, on: connection) }
        defer { isDown = false }
        return (requests, isDown ? .up : .none)
    }

    /// An open connection ended, and is opened again at once.
    mutating func lost(_ connection: Int) { connections[connection].standing = .opening }

    /// A connection could not be opened, or ended in a way that does not speak for trying at once.
    ///
    /// - Returns: What waited and must be refused with this error, because there is nothing to wait for any more.
    mutating func failed(_ connection: Int, _ failure: StreamError) -> (requests: [RedisRequest], news: News) {
        connections[connection].standing = .failed(failure)
        guard leastBusy == nil, failureOfAll != nil else { return ([], .none) }
        defer { isDown = true }
        return (takeWaiting(), isDown ? .none : .down(failure))
    }

    /// - Returns: Those that waited longer than they may.
    mutating func expired(at now: ContinuousClock.Instant) -> [RedisRequest] {
        var late: [RedisRequest] = []
        while let first = waiting.first, first.deadline <= now, let request = waiting.popFirst() {
            forget(request)
            late.append(request)
        }
        return late
    }

    private var leastBusy: Int? {
        var least: Int?
        for index in connections.indices {
            guard case .open = connections[index].standing else { continue }
            if let best = least, connections[best].cost <= connections[index].cost { continue }
            least = index
        }
        return least
    }

    /// Why all connections failed; `nil` when one is open or being opened.
    private var failureOfAll: StreamError? {
        var last: StreamError?
        for connection in connections {
            guard case .failed(let failure) = connection.standing else { return nil }
            last = failure
        }
        return last
    }

    private mutating func begin(_ bytes: Int, on connection: Int) {
        connections[connection].cost += Self.costOfCall + bytes
        calls += 1
        callBytes += bytes
    }

    private mutating func takeWaiting() -> [RedisRequest] {
        let requests = waiting.all
        for request in requests { forget(request) }
        waiting = Queue()
        return requests
    }

    /// A request waits no more.
    private mutating func forget(_ request: RedisRequest) {
        calls -= 1
        callBytes -= request.commands.byteCount
    }
}
