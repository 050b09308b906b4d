import StreamingCore

/// What one address is still to be told, and when.
///
/// ```
///  waiting ── due ──> under way ── 2xx ──> gone
///     ^                    └── else ── RetryDelay ──┐  410, or WebhookLimits.attemptsMax: gone
///     └─────────────────────────────────────────────┘
/// ```
/// Events of one stream are told in order: the next one waits until the one before is told or given up. Streams do not
/// wait for each other. It has no clock and sends nothing.
struct WebhookQueue {
    struct Item: Sendable {
        let event: WebhookEvent
        fileprivate(set) var attempts = 0
        fileprivate var delay = RetryDelay(
            firstMilliseconds: WebhookLimits.firstDelayMilliseconds,
            millisecondsMax: WebhookLimits.delayMillisecondsMax)
        fileprivate var due: WallTime
        fileprivate var isUnderWay = false
    }

    enum Outcome: Sendable {
        /// It was told.
        case told
        /// It was not; telling it again may help.
        case failed
        /// The receiver wants it no more (410).
        case unwanted
    }

    /// What became of an event.
    enum Verdict: Equatable {
        case told
        case again(afterMilliseconds: Int64)
        case givenUp
    }

    /// By stream, each in order. No list is empty.
    private var lanes: [StreamID: [Item]] = [:]
    private(set) var count = 0
    private var underWay = 0

    /// Takes an event that happened.
    ///
    /// - Returns: The event that was given up for it, when there is no more room: the oldest of those that wait.
    mutating func append(_ event: WebhookEvent, at now: WallTime) -> WebhookEvent? {
        lanes[event.stream, default: []].append(Item(event: event, due: now))
        count += 1
        guard count > WebhookLimits.eventsWaitingMax else { return nil }
        let oldest = lanes.values.compactMap { $0.first { !$0.isUnderWay }?.event }
            .min { ($0.at, $0.id.description) < ($1.at, $1.id.description) }
        guard let oldest else { return nil }
        remove(oldest)
        return oldest
    }

    /// Events to be told now; they are under way until ``ended(_:_:at:random:)``.
    mutating func take(at now: WallTime) -> [WebhookEvent] {
        var taken: [WebhookEvent] = []
        let ready = lanes.values.compactMap(\.first).filter { !$0.isUnderWay && $0.due <= now }
        for item in ready.sorted(by: { $0.due < $1.due }).prefix(WebhookLimits.exchangesMax - underWay) {
            lanes[item.event.stream]?[0].isUnderWay = true
            taken.append(item.event)
        }
        underWay += taken.count
        return taken
    }

    /// Whether there is an event that was not tried to its end once.
    var hasUntried: Bool { lanes.values.contains { $0.contains { $0.attempts == 0 } } }

    /// When to look again; `nil` when nothing waits for a time.
    var nextDue: WallTime? {
        guard underWay < WebhookLimits.exchangesMax else { return nil }
        return lanes.values.compactMap(\.first).filter { !$0.isUnderWay }.map(\.due).min()
    }

    /// An event that was under way was told, or not.
    mutating func ended(_ event: WebhookEvent, _ outcome: Outcome, at now: WallTime, random: UInt64) -> Verdict {
        underWay -= 1
        guard var item = lanes[event.stream]?.first, item.event.id == event.id else { return .givenUp }
        item.isUnderWay = false
        item.attempts += 1
        switch outcome {
        case .told:
            remove(event)
            return .told
        case .failed where item.attempts < WebhookLimits.attemptsMax:
            let wait = item.delay.nextMilliseconds(random: random)
            item.due = now.adding(milliseconds: wait)
            lanes[event.stream]?[0] = item
            return .again(afterMilliseconds: wait)
        case .failed, .unwanted:
            remove(event)
            return .givenUp
        }
    }

    private mutating func remove(_ event: WebhookEvent) {
        guard let index = lanes[event.stream]?.firstIndex(where: { $0.event.id == event.id }) else { return }
        lanes[event.stream]?.remove(at: index)
        if lanes[event.stream]?.isEmpty == true { lanes[event.stream] = nil }
        count -= 1
    }
}
