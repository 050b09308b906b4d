internal import Bytes
internal import HTTP

/// The listeners of one loop, and the messages that are on their way to them.
///
/// `@unchecked Sendable`: `loop` never changes, everything else is touched only on the loop's thread, by the tasks of
/// its connections and by blocks executed there.
final class WebSocketHubLane<Topic: Hashable & Sendable>: @unchecked Sendable {
    /// How many listeners get a frame before others of the loop's jobs run.
    private static var listenersPerRound: Int { 64 }

    /// A listener's place.
    final class Seat {
        fileprivate let channel: any WebSocketChannel
        /// The last publication that its snapshot contains.
        fileprivate let after: UInt64
        fileprivate var position = 0

        fileprivate init(_ channel: any WebSocketChannel, after: UInt64) {
            self.channel = channel
            self.after = after
        }
    }

    /// The listeners of a topic in the order of joining. Who leaves leaves a hole, because a delivery may be in the
    /// middle of the row.
    private struct Row {
        var seats: [Seat?] = []
        var holes = 0

        mutating func close() {
            seats.removeAll { $0 == nil }
            for (position, seat) in seats.enumerated() { seat?.position = position }
            holes = 0
        }
    }

    let loop: EventLoop
    /// Whether a round is under way or about to be.
    var isDelivering = false
    private var rows: [Topic: Row] = [:]
    private var publications: [WebSocketPublication<Topic>] = []
    /// The publication that is being delivered, and the next position in its row.
    private var current = 0
    private var position = 0

    init(loop: EventLoop) {
        self.loop = loop
    }

    // MARK: Listeners

    /// - Parameter number: The last publication that the newcomer is not to get.
    func add(_ channel: any WebSocketChannel, to topic: Topic, after number: UInt64) -> Seat {
        let seat = Seat(channel, after: number)
        seat.position = rows[topic]?.seats.count ?? 0
        rows[topic, default: Row()].seats.append(seat)
        return seat
    }

    func remove(_ seat: Seat, from topic: Topic) {
        guard var row = rows.removeValue(forKey: topic) else { return }
        row.seats[seat.position] = nil
        row.holes += 1
        rows[topic] = row
        // Positions may change unless a delivery is in the middle of the row.
        if position == 0 || publications[current].topic != topic { tidy(topic) }
    }

    /// Closes the holes of a row when they are the greater part, and forgets an empty one.
    private func tidy(_ topic: Topic) {
        guard let row = rows[topic], row.holes * 2 > row.seats.count else { return }
        rows[topic]?.close()
        if rows[topic]?.seats.isEmpty == true { rows[topic] = nil }
    }

    /// Says goodbye to everybody.
    func endAll(_ close: WebSocketClose) {
        for row in rows.values { for seat in row.seats { seat?.channel.end(close) } }
    }

    // MARK: Delivery

    /// Whether everything has been delivered.
    var isIdle: Bool { publications.isEmpty }

    func take(_ publications: [WebSocketPublication<Topic>]) {
        precondition(isIdle, "what came before is delivered first")
        self.publications = publications
    }

    /// Goes on for one round.
    func deliverSome() {
        var left = Self.listenersPerRound
        while left > 0, current < publications.count {
            let publication = publications[current]
            let count = rows[publication.topic]?.seats.count ?? 0
            while left > 0, position < count {
                if let seat = rows[publication.topic]?.seats[position] { deliver(publication, to: seat) }
                position += 1
                left -= 1
            }
            guard position >= count else { return }
            position = 0
            tidy(publication.topic)
            current += 1
            left -= 1
        }
        guard current == publications.count else { return }
        publications = []
        current = 0
    }

    private func deliver(_ publication: WebSocketPublication<Topic>, to seat: Seat) {
        guard publication.number > seat.after else { return }
        switch publication.content {
        case .frame(let frame): seat.channel.offer(frame)
        case .end(let close): seat.channel.end(close)
        }
    }
}
