public import Bytes

/// Where whole broadcasts are kept. What is given to it gets there some time later; nobody waits.
public protocol SegmentArchive: Sendable {
    /// Has bytes kept, in place of those of the same name.
    func upload(_ buffers: [Bytes], under name: SegmentName)

    /// Waits until nothing of a stream is on its way any more, kept or lost.
    func finishUploads(of stream: StreamID) async

    /// What is kept of a stream.
    ///
    /// - Parameter countMax: More are not listed.
    func names(of stream: StreamID, countMax: Int) async throws(StreamError) -> Set<String>

    /// What is kept under a name; `nil` when nothing is.
    func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]?
}
