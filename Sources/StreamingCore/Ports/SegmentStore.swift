public import Bytes

/// The name of stored bytes: the stream, and the name inside it, for example `source/segment-17.m4s`.
public struct SegmentName: Sendable, Hashable {
    public let stream: StreamID
    public let path: String

    public init(stream: StreamID, path: String) {
        self.stream = stream
        self.path = path
    }
}

/// Holds segments, parts and initialisation segments. Bytes under a name never change.
public protocol SegmentStore: Sendable {
    func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError)

    /// The bytes, in the buffers that they are kept in; `nil` when the name is not there (any more).
    func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]?

    /// Forgets names; those that are not there are skipped.
    func remove(_ names: [SegmentName]) async

    /// Forgets all that a stream has.
    func removeAll(of stream: StreamID) async
}
