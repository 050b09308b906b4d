/// Holds what a stream parser has received but not yet understood.
///
/// When nothing is pending, a received buffer is parsed in place; only a tail that must wait for more bytes is copied.
/// The parser that owns it bounds `count`.
public struct ByteAccumulator: Sendable {
    /// Everything received and not consumed, in order.
    public private(set) var readable = Bytes()

    public init() {}

    public var count: Int { readable.count }

    /// Adds bytes behind those that wait.
    public mutating func append(_ bytes: Bytes) {
        guard !bytes.isEmpty else { return }
        guard !readable.isEmpty else {
            readable = bytes
            return
        }
        var joined = ByteWriter(capacity: readable.count + bytes.count)
        joined.write(readable)
        joined.write(bytes)
        readable = joined.finish()
    }

    /// Takes `length` bytes, at most `count`, from the front.
    @discardableResult public mutating func consume(_ length: Int) -> Bytes {
        let taken = readable[0..<length]
        readable = readable.isEmpty || length == readable.count ? Bytes() : readable.dropFirst(length)
        return taken
    }
}
