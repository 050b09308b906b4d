import Bytes

/// One HTTP request as it goes out.
struct Exchange: Sendable {
    enum Method: String, Sendable { case get = "GET", put = "PUT", post = "POST", delete = "DELETE" }

    var method: Method
    /// Encoded: it is sent as it stands.
    var address: String
    /// None of libcurl's own: it writes `Host` and `Content-Length`.
    var fields: [(name: String, value: String)] = []
    var body: [Bytes] = []
    /// A longer answer is an error.
    var answerBytesMax: Int
    /// When the exchange is given up, also while it waits for a connection.
    var deadline: ContinuousClock.Instant
    /// How long nothing may move, in seconds.
    var stallSecondsMax: Int
    /// PEM certificates to trust; `nil` takes the system's.
    var certificateAuthorityFile: String?
}

/// What came back, whatever its status.
struct Answer: Sendable {
    let status: Int
    /// By name in lower case; the last one of a name counts.
    let fields: [String: String]
    /// In order; all but the last of ``Transfer/blockBytes``.
    let body: [Bytes]

    var byteCount: Int { body.reduce(0) { $0 + $1.count } }

    /// The body as one piece, for documents.
    var document: Bytes {
        if body.count == 1 { return body[0] }
        var writer = ByteWriter(capacity: byteCount)
        for block in body { writer.write(block) }
        return writer.finish()
    }
}

/// Why there is no answer, or none that can be trusted.
enum TransferFailure: Error, Sendable, Equatable {
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
