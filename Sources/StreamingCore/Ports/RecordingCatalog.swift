/// Knows which broadcasts of a stream are over and can still be watched.
public protocol RecordingCatalog: Sendable {
    /// The recordings of a stream, the newest first.
    ///
    /// - Parameters:
    ///   - number: Only those with a lower number; `nil` begins with the newest.
    ///   - limit: At most that many, 1 or more.
    /// - Returns: Nothing for a stream that has none, or that is not known.
    func recordings(
        of stream: StreamID, before number: Int64?, limit: Int
    ) async throws(StreamError) -> [RecordedBroadcast]
}
