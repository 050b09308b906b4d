import Synchronization

/// A number that rises and falls, for what nobody can be asked for. What exists already is better read at the scrape:
/// ``MetricsRegistry/gauge(_:_:read:)``.
public final class Gauge: Sendable {
    private let current = Atomic<Int>(0)

    public init() {}

    /// - Parameter amount: May be negative.
    public func add(_ amount: Int = 1) { current.wrappingAdd(amount, ordering: .relaxed) }

    public func set(_ value: Int) { current.store(value, ordering: .relaxed) }

    public var value: Int { current.load(ordering: .relaxed) }
}
