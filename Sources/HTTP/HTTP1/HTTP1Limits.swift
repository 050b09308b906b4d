/// The most that a client may send; a reader of untrusted bytes has no other kind of field.
public struct HTTP1Limits: Sendable {
    /// The first line without its end, in bytes; 414 beyond.
    public var requestLineBytesMax = 8 * 1024
    /// All lines of a header section with their ends, in bytes, for header and trailer each; 431 beyond.
    public var headerBytesMax = 16 * 1024
    /// The fields of a header or a trailer; 431 beyond.
    public var fieldCountMax = 100
    /// The body without its framing, in bytes; 413 beyond.
    public var bodyBytesMax = 1024 * 1024
    /// Chunk extensions, all of a body together, in bytes; 400 beyond.
    public var chunkExtensionBytesMax = 4 * 1024
    /// Empty lines before a request, which old clients send behind a body (RFC 9112, 2.2); 400 beyond.
    public var leadingEmptyLinesMax = 4

    public init() {}
}
