import Glibc
import Synchronization

/// A number of events, or an amount, that only rises.
///
/// To count is one atomic addition without a lock and without an allocation. The sum is spread over ``stripeCount``
/// cells, each on cache lines of its own, and a thread adds to the cell that its identity gives, so that event loops do
/// not pull one cache line to and fro.
public final class Counter: Sendable {
    /// How many cells a counter has.
    static let stripeCount = 8

    private let cells = InlineArray<8, CounterCell> { _ in CounterCell() }

    public init() {}

    /// - Parameter amount: What to add, in the unit of the counter; nanoseconds where that is seconds.
    public func add(_ amount: Int = 1) {
        cells[ThreadStripe.current & (Self.stripeCount - 1)].value.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The sum so far. While others count, it is between what it was and what it is when this returns.
    public var value: Int {
        var sum = 0
        for index in 0..<Self.stripeCount { sum &+= cells[index].value.load(ordering: .relaxed) }
        return sum
    }
}

/// One summand, with as much beside it as keeps the next one off its cache line.
struct CounterCell: ~Copyable, Sendable {
    let value = Atomic<Int>(0)
    private let padding: (Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0)
}

/// Which of several cells a thread uses.
enum ThreadStripe {
    /// A number that differs between threads in its lowest bits: their descriptors are an odd number of pages apart.
    @inline(__always)
    static var current: Int { Int(truncatingIfNeeded: pthread_self() >> 12) }
}

/// Counters that differ in one label, one for each of its values.
public final class Counters<Label: MetricLabel>: Sendable {
    let children: [Counter]

    public init() { children = Label.texts.map { _ in Counter() } }

    public subscript(label: Label) -> Counter { children[label.rawValue] }
}

/// Counters that differ in two labels, one for each pair of values.
public final class CounterGrid<Row: MetricLabel, Column: MetricLabel>: Sendable {
    /// Row by row.
    let children: [Counter]
    private let columnCount: Int

    public init() {
        columnCount = Column.allCases.count
        children = (0..<Row.texts.count * Column.texts.count).map { _ in Counter() }
    }

    public subscript(row: Row, column: Column) -> Counter { children[row.rawValue * columnCount + column.rawValue] }
}

/// Counters of names that come from elsewhere, renditions for example, for what happens seldom: a lock is taken.
///
/// The first ``childrenMax`` names have a counter each; what comes under others counts as `other`.
public final class NamedCounters: Sendable {
    /// How many names are told apart.
    public static let childrenMax = 32
    /// What the names beyond that are called.
    public static let otherName = "other"

    let label: String
    private let counts = Mutex<[String: Int]>([:])

    init(label: String) { self.label = label }

    public func add(_ amount: Int = 1, to name: String) {
        counts.withLock { counts in
            let isKnown = counts[name] != nil || counts.count < Self.childrenMax
            counts[isKnown ? name : Self.otherName, default: 0] += amount
        }
    }

    /// What was counted so far, by name.
    public var values: [String: Int] { counts.withLock { $0 } }
}
