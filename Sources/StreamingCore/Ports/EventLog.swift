/// Announces what happens to streams.
public protocol EventLog: Sendable {
    func append(_ event: StreamEvent) async throws(StreamError)

    /// Calls `receive` for every event from now on, in order per stream, until cancelled. `receive` must not wait.
    func follow(_ receive: @escaping @Sendable (StreamEvent) -> Void) async
}
