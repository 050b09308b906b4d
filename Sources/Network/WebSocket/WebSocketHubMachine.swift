internal import Bytes
internal import HTTP

/// Something that all who listen to a topic get.
struct WebSocketPublication<Topic: Hashable & Sendable>: Sendable {
    enum Content: Sendable {
        case frame(Bytes)
        case end(WebSocketClose)
    }

    let topic: Topic
    let content: Content
    /// Counts all publications of a hub.
    let number: UInt64
}

/// The decisions of a `WebSocketHub`: what each topic's snapshot is, which loops have listeners, and what waits for
/// them. A loop that does not come to fetch what waits loses it, and with it its listeners, who would have a gap.
struct WebSocketHubMachine<Topic: Hashable & Sendable> {
    private struct TopicState {
        var snapshot: [Bytes]?
        /// How many listen, by loop.
        var counts: [Int]

        var isNeeded: Bool { snapshot != nil || counts.contains { $0 > 0 } }
    }

    private struct Lane {
        var waiting: [WebSocketPublication<Topic>] = []
        /// Whether the loop was told and has not fetched yet.
        var isAwake = false
        var hasLost = false
    }

    private let limits: WebSocketHubLimits
    private var topics: [Topic: TopicState] = [:]
    private var lanes: [Lane]
    private var number: UInt64 = 0

    init(lanes count: Int, _ limits: WebSocketHubLimits) {
        lanes = Array(repeating: Lane(), count: count)
        self.limits = limits
    }

    /// - Returns: The loops that are to be told.
    mutating func published(_ frame: Bytes, to topic: Topic, snapshot: [Bytes]?) -> [Int] {
        if let snapshot {
            if topics[topic] == nil {
                guard topics.count < limits.topicsMax else { return [] }
                topics[topic] = TopicState(counts: lanes.map { _ in 0 })
            }
            topics[topic]?.snapshot = snapshot
        }
        return spread(.frame(frame), to: topic)
    }

    mutating func forgotten(_ topic: Topic) {
        topics[topic]?.snapshot = nil
        removeUnneeded(topic)
    }

    /// - Returns: The loops that are to be told.
    mutating func ended(_ topic: Topic, _ close: WebSocketClose) -> [Int] { spread(.end(close), to: topic) }

    /// - Returns: What the newcomer gets first, and the number of the last publication that this contains; nil when
    ///   there are too many topics.
    mutating func joined(_ topic: Topic, lane: Int, initial: [Bytes]) -> (first: [Bytes], number: UInt64)? {
        guard topics[topic] != nil || topics.count < limits.topicsMax else { return nil }
        var state = topics[topic] ?? TopicState(counts: lanes.map { _ in 0 })
        state.counts[lane] += 1
        topics[topic] = state
        return (state.snapshot ?? initial, number)
    }

    mutating func left(_ topic: Topic, lane: Int) {
        topics[topic]?.counts[lane] -= 1
        removeUnneeded(topic)
    }

    /// Hands a loop what waits for it.
    mutating func fetched(lane: Int) -> (waiting: [WebSocketPublication<Topic>], hasLost: Bool) {
        let lane = lane
        defer { lanes[lane] = Lane() }
        return (lanes[lane].waiting, lanes[lane].hasLost)
    }

    func count(of topic: Topic) -> Int { topics[topic]?.counts.reduce(0, +) ?? 0 }

    private mutating func spread(_ content: WebSocketPublication<Topic>.Content, to topic: Topic) -> [Int] {
        number += 1
        guard let counts = topics[topic]?.counts else { return [] }
        let publication = WebSocketPublication(topic: topic, content: content, number: number)
        var told: [Int] = []
        for index in lanes.indices where counts[index] > 0 {
            if lanes[index].waiting.count < limits.publicationsWaitingMax {
                lanes[index].waiting.append(publication)
            } else {
                lanes[index].waiting = []
                lanes[index].hasLost = true
            }
            if !lanes[index].isAwake { told.append(index) }
            lanes[index].isAwake = true
        }
        return told
    }

    private mutating func removeUnneeded(_ topic: Topic) {
        if topics[topic]?.isNeeded == false { topics[topic] = nil }
    }
}
