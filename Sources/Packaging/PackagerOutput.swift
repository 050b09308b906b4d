public import Bytes

/// What a packager wants done, in this order.
public enum PackagerOutput: Sendable {
    /// Store bytes under a name, for good: bytes under a name never change.
    case store(StoredObject)
    /// Append an event to the timeline log, once everything above is stored.
    case announce(TimelineEvent)
}

/// Bytes to keep under a name.
public struct StoredObject: Sendable, Hashable {
    /// What the bytes are, for stores that keep only some kinds.
    public enum Kind: Sendable, Hashable {
        case initialization
        /// A part; its bytes come again within its segment.
        case part
        case segment
        /// A still picture.
        case thumbnail
    }

    public let kind: Kind
    /// The store key within a stream, and the tail of the URL: `source/segment-12.m4s`.
    public let name: String
    /// The bytes in order. A segment shares the memory of its parts, so that it is not copied to become one.
    public let chunks: [Bytes]

    public init(kind: Kind, name: String, chunks: [Bytes]) {
        self.kind = kind
        self.name = name
        self.chunks = chunks
    }

    /// All chunks together, in bytes.
    public var byteCount: Int { chunks.reduce(0) { $0 + $1.count } }

    /// The chunks as one value: the only one itself, or a copy of several.
    public var bytes: Bytes {
        if chunks.count == 1 { return chunks[0] }
        var writer = ByteWriter(capacity: byteCount)
        for chunk in chunks { writer.write(chunk) }
        return writer.finish()
    }
}
