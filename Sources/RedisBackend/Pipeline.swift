import Bytes

/// The requests of one connection, from handed over to answered: answers come in the order of the commands.
///
/// ```
///  append ──▶ waiting ──nextPieces──▶ under way ──received (once for each command)──▶ answered
/// ```
struct Pipeline {
    /// How much is handed to the kernel at once, at most one value above.
    static let writeBytesMax = 1 << 20
    static let writePiecesMax = 512

    /// A request whose answers are all there.
    struct Finished {
        let request: RedisRequest
        let replies: [RedisReply]
    }

    private var waiting = Queue<RedisRequest>()
    private var underWay = Queue<RedisRequest>()
    /// Answers to the first commands of the first request that is under way.
    private var replies: [RedisReply] = []
    /// What the kernel has not taken yet of requests that are under way.
    private(set) var unsent = Queue<Bytes>()
    private var unsentBytes = 0

    var isEmpty: Bool { waiting.isEmpty && underWay.isEmpty }
    var hasUnsent: Bool { !unsent.isEmpty || !waiting.isEmpty }

    /// When the next answer must be there. Requests come in the order of their deadlines.
    var deadline: ContinuousClock.Instant? { (underWay.first ?? waiting.first)?.deadline }

    mutating func append(_ request: RedisRequest) { waiting.append(request) }

    /// Puts requests under way, as many as go into one write; `unsent` is then what to write.
    mutating func fill() {
        while unsentBytes < Self.writeBytesMax, unsent.count < Self.writePiecesMax, let request = waiting.popFirst() {
            for piece in request.commands.pieces { unsent.append(piece) }
            unsentBytes += request.commands.byteCount
            underWay.append(request)
        }
    }

    /// The kernel took bytes, at most as many as are unsent.
    mutating func sent(_ length: Int) {
        unsentBytes -= length
        var length = length
        while let piece = unsent.first, length >= piece.count {
            length -= piece.count
            _ = unsent.popFirst()
        }
        if length > 0 { unsent.replaceFirst { $0.dropFirst(length) } }
    }

    /// An answer came.
    ///
    /// - Returns: The request that it was the last one of.
    /// - Throws: ``RedisFailure/nonsense`` when nobody asked.
    mutating func received(_ reply: RedisReply) throws(RedisFailure) -> Finished? {
        guard let first = underWay.first else { throw .nonsense }
        replies.append(reply)
        guard replies.count == first.commands.count else { return nil }
        _ = underWay.popFirst()
        defer { replies = [] }
        return Finished(request: first, replies: replies)
    }

    /// The connection is gone.
    ///
    /// - Returns: All that was not answered.
    mutating func lost() -> [RedisRequest] {
        let requests = underWay.all + waiting.all
        self = Pipeline()
        return requests
    }
}
