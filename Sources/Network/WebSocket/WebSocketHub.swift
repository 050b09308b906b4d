public import Bytes
public import HTTP
internal import Synchronization

/// How much a hub holds.
public struct WebSocketHubLimits: Sendable {
    /// Topics with a snapshot or a listener; beyond, snapshots are not kept and newcomers are told 1013.
    public var topicsMax = 20_000
    /// Messages that wait for one event loop; beyond, all listeners on that loop are told 1013.
    public var publicationsWaitingMax = 4_096

    public init() {}
}

/// Sends messages to many WebSockets, by topic.
///
/// Each loop keeps the list of its own listeners. A message is handed to every loop that has some, by one lock and one
/// wake, and there appended to what each connection has to send: no lock, no thread switch and no copy per client.
public final class WebSocketHub<Topic: Hashable & Sendable>: WebSocketAudience {
    private let lanes: [WebSocketHubLane<Topic>]
    private let machine: Mutex<WebSocketHubMachine<Topic>>

    /// - Parameter group: The loops of the connections.
    public init(group: EventLoopGroup, limits: WebSocketHubLimits = WebSocketHubLimits()) {
        lanes = group.loops.map { WebSocketHubLane(loop: $0) }
        machine = Mutex(WebSocketHubMachine(lanes: group.loops.count, limits))
    }

    public func publish(_ frame: Bytes, to topic: Topic, snapshot: [Bytes]?) {
        wake(machine.withLock { $0.published(frame, to: topic, snapshot: snapshot) })
    }

    public func forget(_ topic: Topic) { machine.withLock { $0.forgotten(topic) } }

    public func end(_ topic: Topic, _ close: WebSocketClose) { wake(machine.withLock { $0.ended(topic, close) }) }

    public func count(of topic: Topic) -> Int { machine.withLock { $0.count(of: topic) } }

    public func attend(
        _ topic: Topic, _ channel: any WebSocketChannel, initial: [Bytes],
        heard: @Sendable (WebSocketMessage) async throws -> Void
    ) async throws {
        guard let index = EventLoop.current?.index, lanes.indices.contains(index), lanes[index].loop.isCurrent else {
            preconditionFailure("a WebSocket is served on a loop of the hub's group")
        }
        let lane = lanes[index]
        let joined = machine.withLock { $0.joined(topic, lane: index, initial: initial) }
        guard let joined else { return channel.end(WebSocketClose(.tryAgainLater)) }
        // Nothing waits between the lock and here, and messages reach the lane on this thread only: those that are on
        // their way have a number, and the listener leaves out what its snapshot contains.
        let seat = lane.add(channel, to: topic, after: joined.number)
        defer {
            lane.remove(seat, from: topic)
            machine.withLock { $0.left(topic, lane: index) }
        }
        for frame in joined.first { channel.offer(frame) }
        while let message = try await channel.receive() { try await heard(message) }
    }

    private func wake(_ indices: [Int]) {
        for index in indices {
            let lane = lanes[index]
            lane.loop.execute { self.deliver(on: lane, index) }
        }
    }

    private func deliver(on lane: WebSocketHubLane<Topic>, _ index: Int) {
        // Who delivers also fetches what has come since.
        guard !lane.isDelivering else { return }
        lane.isDelivering = true
        turn(lane, index)
    }

    /// Delivers some of what the lane has, fetching more when it has nothing, and comes back until nothing is left.
    private func turn(_ lane: WebSocketHubLane<Topic>, _ index: Int) {
        if lane.isIdle {
            let (waiting, hasLost) = machine.withLock { $0.fetched(lane: index) }
            if hasLost { lane.endAll(WebSocketClose(.tryAgainLater, "messages were lost")) }
            guard !waiting.isEmpty else {
                lane.isDelivering = false
                return
            }
            lane.take(waiting)
        }
        lane.deliverSome()
        lane.loop.execute { self.turn(lane, index) }
    }
}
