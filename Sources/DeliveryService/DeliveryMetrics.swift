import Media
import Packaging
public import StreamingCore
import Synchronization

/// What is told of viewers' requests beyond what HTTP knows of them: how long they were held, and how old media is.
public struct DeliveryMetrics: Sendable {
    private let cache: Counters<CacheResult>
    private let outcomes: Counters<HoldOutcome>
    private let holds: LatencyHistogram
    private let releases: LatencyHistogram
    private let ages: LatencyHistogram

    public init(in registry: MetricsRegistry = MetricsRegistry()) {
        cache = registry.counters(
            "sluice_delivery_cache_requests_total",
            "Looks for media among the answers that are kept ready; a miss had the answer made.", by: CacheResult.self)
        outcomes = registry.counters(
            "sluice_delivery_holds_total",
            "Requests that were held for what was about to come, by what became of them.",
            by: HoldOutcome.self)
        holds = registry.histogram(
            "sluice_delivery_hold_duration_seconds",
            "How long requests for what was about to come were held, of those that got it.")
        releases = registry.histogram(
            "sluice_latency_store_to_first_byte_seconds",
            "From when this process heard that a part is stored to when a request that waited for it went on.",
            bounds: LatencyHistogram.fineBounds)
        ages = registry.histogram(
            "sluice_latency_live_edge_seconds",
            "How long ago media was live when it could be asked for here: the way from the encoder in all.",
            bounds: LatencyHistogram.liveBounds)
    }

    func cacheHit() { cache[.hit].add() }

    func cacheMiss() { cache[.miss].add() }

    /// - Parameter ageMilliseconds: Of the end of a part that can be asked for from now on.
    func partCame(ageMilliseconds: Int64) { ages.observe(milliseconds: ageMilliseconds) }

    /// A request has waited, or was answered at once.
    ///
    /// - Parameters:
    ///   - hold: Begun when it came.
    ///   - change: When the newest change of the stream came, as stopwatches count. What was answered at once has seen
    ///     none since it came.
    func waited(_ hold: Stopwatch, _ outcome: StreamChannel.Outcome, changeAt change: Int) {
        switch outcome {
        case .came:
            guard change >= hold.beganNanoseconds else { return }
            let held = hold.nanoseconds
            outcomes[.came].add()
            holds.observe(nanoseconds: held)
            releases.observe(nanoseconds: held - (change - hold.beganNanoseconds))
        case .timedOut: outcomes[.timedOut].add()
        case .refused: outcomes[.refused].add()
        case .cancelled: outcomes[.cancelled].add()
        }
    }
}

private enum HoldOutcome: Int, MetricLabel {
    case came, timedOut, refused, cancelled
    static let name = "outcome"
}

private enum CacheResult: Int, MetricLabel {
    case hit, miss
    static let name = "result"
}

extension DeliveryService {
    /// How many requests are held.
    public var heldRequestCount: Int { channels.all.reduce(0) { $0 + $1.heldCount } }

    /// How many streams can be asked for, and how many of them are on air or may come back.
    public var streamCounts: (known: Int, live: Int) {
        let all = channels.all
        return (all.count, all.count { $0.isLive })
    }
}

extension StreamChannel {
    /// How long ago the end of a part was live; `nil` for other events, and before the broadcast's beginning is known.
    func age(of event: TimelineEvent, at now: WallTime) -> Int64? {
        guard case .part(let part) = event, part.timescale > 0 else { return nil }
        let end = MediaTime(ticks: part.start + part.duration, timescale: part.timescale)
        return guarded.withLock { guarded in
            guarded.window.origin.map { now.unixMilliseconds - $0.unixMilliseconds - end.milliseconds }
        }
    }
}
