public import Bytes

/// Announces what the packager made, in order per stream. Records are encoded timeline events.
public protocol TimelineLog: Sendable {
    /// Announces a record.
    ///
    /// - Parameter fence: That of the reader of the frame log whose frames the record is made of. After a record of a
    ///   higher fence no follower sees one of a lower: a worker that lost a stream and does not know yet is not heard.
    func append(_ record: Bytes, for stream: StreamID, fence: Int64) async throws(StreamError)

    /// Calls `receive` for every record from now on, in order per stream, until cancelled.
    ///
    /// `receive` may run on any thread, for one stream never on two at once, and must not wait.
    func follow(_ receive: @escaping @Sendable (StreamID, Bytes) -> Void) async
}
