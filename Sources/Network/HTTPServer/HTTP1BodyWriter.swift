internal import Bytes
internal import HTTP

/// Where a streamed body goes: every write leaves as one unit, by one system call.
///
/// `@unchecked Sendable`: the variables are touched only on the connection's loop; `write` moves there first.
final class HTTP1BodyWriter: HTTPBodyWriter, @unchecked Sendable {
    private let connection: TCPConnection
    private let framing: HTTP1ResponsePlan.Framing
    private var written = 0
    /// Whether the response has ended; a writer that outlives it must not write into the next one.
    private var isFinished = false

    init(_ connection: TCPConnection, _ framing: HTTP1ResponsePlan.Framing) {
        self.connection = connection
        self.framing = framing
    }

    func write(_ bytes: Bytes) async throws {
        guard connection.loop.isCurrent else {
            return try await connection.loop.run { _ in try await self.write(bytes) }
        }
        guard !isFinished else { throw NetworkError.connectionClosed }
        guard !bytes.isEmpty else { return }
        written += bytes.count
        switch framing {
        case .length(let length):
            guard written <= length else { throw NetworkError.bodyLengthBroken(promised: length, written: written) }
            connection.queue(bytes)
        case .chunked:
            for part in HTTP1Chunk.framed(bytes) { connection.queue(part) }
        case .untilClose:
            connection.queue(bytes)
        }
        try await connection.flush()
    }

    /// Ends the body; what it queues leaves with what follows.
    func finish() throws {
        isFinished = true
        switch framing {
        case .length(let length):
            guard written == length else { throw NetworkError.bodyLengthBroken(promised: length, written: written) }
        case .chunked:
            connection.queue(HTTP1Chunk.last)
        case .untilClose: break
        }
    }
}
