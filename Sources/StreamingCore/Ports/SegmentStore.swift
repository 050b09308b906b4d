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
    /// Stores bytes under a name.
    ///
    /// - Returns: What stands under the name: the given bytes, or those that another process put there before. Two
    ///   workers that make the same segment, one after the other died, may encode it differently.
    @discardableResult
    func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes]

    /// The bytes, in the buffers that they are kept in; `nil` when the name is not there (any more).
    func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]?

    /// Forgets names; those that are not there are skipped.
    func remove(_ names: [SegmentName]) async

    /// The stream's last broadcast can not be watched live any more: what is not kept for later is forgotten.
    func retire(_ stream: StreamID) async

    /// Forgets all that a stream has.
    func removeAll(of stream: StreamID) async
}

extension SegmentStore {
    public func retire(_ stream: StreamID) async { await removeAll(of: stream) }
}
