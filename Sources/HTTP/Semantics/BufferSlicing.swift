public import Bytes

/// A body as buffers that lie apart in memory.
extension [Bytes] {
    /// The bytes of all buffers together.
    public var byteCount: Int { reduce(0) { $0 + $1.count } }

    /// The buffers that make up a part of the body, sharing its memory.
    ///
    /// - Parameter range: Within `0..<byteCount`.
    public func slice(_ range: Range<Int>) -> [Bytes] {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "range outside the body")
        var parts: [Bytes] = []
        var start = 0
        for buffer in self where start < range.upperBound {
            let from = Swift.max(range.lowerBound - start, 0)
            let to = Swift.min(range.upperBound - start, buffer.count)
            if from < to { parts.append(buffer[from..<to]) }
            start += buffer.count
        }
        return parts
    }
}
