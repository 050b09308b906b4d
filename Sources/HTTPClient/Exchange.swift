public import Bytes

/// One HTTP request as it goes out.
public struct Exchange: Sendable {
    public enum Method: String, Sendable { case get = "GET", put = "PUT", post = "POST", delete = "DELETE" }

    public var method: Method
    /// `http://` or `https://`, encoded: it is sent as it stands. A name and a password before the host are sent as
    /// Basic authentication. Redirections are not followed.
    public var address: String
    /// None of libcurl's own: it writes `Host` and `Content-Length`. One with a control character fails the exchange.
    public var fields: [(name: String, value: String)]
    public var body: [Bytes]
    /// A longer answer is an error.
    public var answerBytesMax: Int
    /// Whether an answer must say how long it is, or how it ends; otherwise the end of the connection is its end, and
    /// half an answer cannot be told from a whole one.
    public var needsLength: Bool
    /// When the exchange is given up, also while it waits for a connection.
    public var deadline: ContinuousClock.Instant
    /// How long nothing may move, in seconds.
    public var stallSecondsMax: Int
    /// PEM certificates to trust; `nil` takes the system's. Certificates are always checked.
    public var certificateAuthorityFile: String?

    public init(
        method: Method, address: String, fields: [(name: String, value: String)] = [], body: [Bytes] = [],
        answerBytesMax: Int, needsLength: Bool = true, deadline: ContinuousClock.Instant, stallSecondsMax: Int,
        certificateAuthorityFile: String? = nil
    ) {
        self.method = method
        self.address = address
        self.fields = fields
        self.body = body
        self.answerBytesMax = answerBytesMax
        self.needsLength = needsLength
        self.deadline = deadline
        self.stallSecondsMax = stallSecondsMax
        self.certificateAuthorityFile = certificateAuthorityFile
    }
}

/// What came back, whatever its status.
public struct Answer: Sendable {
    public let status: Int
    /// By name in lower case; the last one of a name counts.
    public let fields: [String: String]
    /// In order, in pieces of at most 256 KiB.
    public let body: [Bytes]

    public var byteCount: Int { body.reduce(0) { $0 + $1.count } }

    /// The body as one piece, for documents.
    public var document: Bytes {
        if body.count == 1 { return body[0] }
        var writer = ByteWriter(capacity: byteCount)
        for block in body { writer.write(block) }
        return writer.finish()
    }
}

/// Why there is no answer, or none that can be trusted.
public enum TransferFailure: Error, Sendable, Equatable {
    /// libcurl's own number and text.
    case connection(code: Int, reason: String)
    case timedOut
    /// The connection ended before the body did.
    case truncated
    /// The body's end cannot be known: it has neither a length nor chunks.
    case unframed
    case answerTooLarge(bytesMax: Int)
    case cancelled
    /// More exchanges than that wait for a connection.
    case overloaded(exchangesMax: Int)
}
