import Dispatch
import Synchronization

/// How long things took, counted in buckets.
///
/// To observe costs a search through at most ``boundsMax`` bounds and two atomic additions, without a lock and without
/// an allocation, in the cells of the thread's own stripe.
public final class LatencyHistogram: Sendable {
    /// The most bounds that a histogram can have; above the last there is one bucket more.
    public static let boundsMax = 19
    static let stripeCount = 4

    /// From a millisecond to ten seconds: requests, calls, and what a part waits for.
    public static let usualBounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// From ten microseconds on: what happens within a process.
    public static let fineBounds: [Double] = [
        0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
        0.5, 1,
    ]
    /// Up to a minute: how far live media is behind.
    public static let liveBounds: [Double] = [
        0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60,
    ]

    /// The upper bounds of the buckets, in seconds, rising.
    let bounds: [Double]
    private let limits: [Int]
    private let stripes = InlineArray<4, HistogramCells> { _ in HistogramCells() }

    /// - Parameter bounds: In seconds, rising, at most ``boundsMax``.
    public init(bounds: [Double] = LatencyHistogram.usualBounds) {
        precondition(!bounds.isEmpty && bounds.count <= Self.boundsMax, "a histogram has 1 to 19 bounds")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds rise")
        self.bounds = bounds
        limits = bounds.map { Int(($0 * 1e9).rounded()) }
    }

    /// - Parameter nanoseconds: Clocks that are set can make it negative; that counts as zero.
    public func observe(nanoseconds: Int) {
        let duration = max(0, nanoseconds)
        var bucket = 0
        while bucket < limits.count, duration > limits[bucket] { bucket += 1 }
        let stripe = ThreadStripe.current & (Self.stripeCount - 1)
        stripes[stripe].counts[bucket].wrappingAdd(1, ordering: .relaxed)
        stripes[stripe].nanoseconds.wrappingAdd(duration, ordering: .relaxed)
    }

    public func observe(milliseconds: Int64) {
        observe(nanoseconds: Int(min(max(milliseconds, 0), 1_000_000_000)) * 1_000_000)
    }

    /// Observes what has passed on a stopwatch.
    public func observe(_ stopwatch: Stopwatch) { observe(nanoseconds: stopwatch.nanoseconds) }

    /// The counts of the buckets, each without those below it, and the sum of all durations in seconds.
    var state: (counts: [Int], seconds: Double) {
        var counts = [Int](repeating: 0, count: limits.count + 1)
        var nanoseconds = 0
        for stripe in 0..<Self.stripeCount {
            for bucket in counts.indices {
                counts[bucket] &+= stripes[stripe].counts[bucket].load(ordering: .relaxed)
            }
            nanoseconds &+= stripes[stripe].nanoseconds.load(ordering: .relaxed)
        }
        return (counts, Double(nanoseconds) / 1e9)
    }

    /// How many durations were observed.
    public var count: Int { state.counts.reduce(0, +) }
}

/// What the threads of one stripe have observed.
private struct HistogramCells: ~Copyable, Sendable {
    let counts = InlineArray<20, Atomic<Int>> { _ in Atomic(0) }
    let nanoseconds = Atomic<Int>(0)
    private let padding: (Int, Int, Int) = (0, 0, 0)
}

/// Histograms that differ in one label, one for each of its values.
public final class LatencyHistograms<Label: MetricLabel>: Sendable {
    let children: [LatencyHistogram]

    public init(bounds: [Double] = LatencyHistogram.usualBounds) {
        children = Label.texts.map { _ in LatencyHistogram(bounds: bounds) }
    }

    public subscript(label: Label) -> LatencyHistogram { children[label.rawValue] }
}

/// What has passed since a moment, on a clock that is never set.
public struct Stopwatch: Sendable {
    private let began: UInt64

    /// Starts it.
    public init() { began = DispatchTime.now().uptimeNanoseconds }

    /// What has passed, in nanoseconds.
    public var nanoseconds: Int { Int(DispatchTime.now().uptimeNanoseconds &- began) }

    /// The moment itself, in nanoseconds of the clock that all stopwatches of a process share.
    public var beganNanoseconds: Int { Int(began) }
}
