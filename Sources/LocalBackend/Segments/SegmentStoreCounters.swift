/// What a segment store did and holds.
public struct SegmentStoreCounters: Sendable, Equatable {
    /// Bytes in memory now, within the budget.
    public var memoryBytes = 0
    /// Bytes in memory now that are being moved to the colder store, beside the budget.
    public var spillingBytes = 0
    /// Segments moved from memory to the colder store so far.
    public var spilledSegments = 0
    /// Segments forgotten so far because there was no room for them anywhere.
    public var droppedSegments = 0
    /// Segments lost so far because the colder store failed.
    public var failedSegments = 0

    public init() {}
}
