public import Bytes

/// Announces what the packager made, in order per stream. Records are encoded timeline events.
public protocol TimelineLog: Sendable {
    func append(_ record: Bytes, for stream: StreamID) async throws(StreamError)

    /// Calls `receive` for every record from now on, in order per stream, until cancelled.
    ///
    /// `receive` may run on any thread, for one stream never on two at once, and must not wait.
    func follow(_ receive: @escaping @Sendable (StreamID, Bytes) -> Void) async
}
