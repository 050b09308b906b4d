public import Bytes

/// Frames a streamed body (RFC 9112, 7.1): `header(n)`, n bytes, `end`, and behind all chunks `last`.
public enum HTTP1Chunk {
    /// What stands behind the bytes of a chunk.
    public static let end = Bytes(utf8: "\r\n")

    /// The last chunk with an empty trailer.
    public static let last = Bytes(utf8: "0\r\n\r\n")

    /// What stands before the bytes of a chunk.
    ///
    /// - Parameter length: At least 1, because an empty chunk would end the body.
    public static func header(_ length: Int) -> Bytes {
        precondition(length > 0, "an empty chunk ends the body")
        var header = ByteWriter(capacity: 18)
        header.write(utf8: String(length, radix: 16))
        header.write(utf8: "\r\n")
        return header.finish()
    }

    /// One write as a chunk, ready for a gathering send; nothing for no bytes.
    public static func framed(_ bytes: Bytes) -> [Bytes] {
        bytes.isEmpty ? [] : [header(bytes.count), bytes, end]
    }
}
