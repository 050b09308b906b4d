public import StreamingCore

/// The event log inside one process; it delivers like ``LocalTimelineLog``.
public struct LocalEventLog: EventLog {
    private let fanOut = OrderedFanOut<StreamEvent>()

    public init() {}

    public func append(_ event: StreamEvent) async throws(StreamError) {
        try fanOut.append(event, for: event.streamID)
    }

    public func follow(_ receive: @escaping @Sendable (StreamEvent) -> Void) async {
        await fanOut.follow { _, event in receive(event) }
    }
}
