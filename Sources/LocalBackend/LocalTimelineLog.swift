public import Bytes
public import StreamingCore

/// The timeline log inside one process: a record is with all followers when the append returns, or right after it when
/// another thread is delivering one of the same stream.
public struct LocalTimelineLog: TimelineLog {
    private let fanOut = OrderedFanOut<Bytes>()

    public init() {}

    public func append(_ record: Bytes, for stream: StreamID, fence: Int64) async throws(StreamError) {
        try fanOut.append(record, for: stream, fence: fence)
    }

    public func follow(_ receive: @escaping @Sendable (StreamID, Bytes) -> Void) async {
        await fanOut.follow(receive)
    }
}
