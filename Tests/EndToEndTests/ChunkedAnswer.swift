import Bytes
import Foundation
import Network

/// An answer with chunked transfer coding, chunk by chunk (RFC 9112, 7.1).
///
/// ```
/// head CRLF CRLF, then for each chunk: size in hexadecimal CRLF, bytes CRLF; and at the end: 0 CRLF CRLF
/// ```
struct ChunkedAnswer: Sendable {
    let status: Int
    /// As the server cut them.
    let chunks: [Data]
    /// Whether the end was there too.
    let isComplete: Bool
    /// From the first byte of the answer to the last, in seconds.
    let seconds: Double

    /// Asks and reads until the server closes.
    init(to path: String, from port: Int) async throws {
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        let (bytes, seconds) = try await Wire.connect(to: port) { connection in
            var answer = ByteWriter()
            try await connection.write(Bytes(utf8: request))
            var first: ContinuousClock.Instant?
            while let bytes = try await connection.read() {
                first = first ?? .now
                answer.write(bytes)
            }
            return (Data(answer.finish().array), first.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0)
        }
        self.seconds = seconds
        let end = bytes.range(of: Data("\r\n\r\n".utf8)) ?? bytes.endIndex..<bytes.endIndex
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        status = Int(head.dropFirst("HTTP/1.1 ".count).prefix(3)) ?? 0
        var chunks: [Data] = []
        var rest = bytes[end.upperBound...]
        var isComplete = false
        while !isComplete, let line = rest.range(of: Data("\r\n".utf8)) {
            guard let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16),
                rest[line.upperBound...].count >= size + 2
            else { break }
            isComplete = size == 0
            let chunkEnd = line.upperBound + size
            if size > 0 { chunks.append(Data(rest[line.upperBound..<chunkEnd])) }
            rest = rest[(chunkEnd + 2)...]
        }
        self.chunks = chunks
        self.isComplete = isComplete && rest.isEmpty
    }
}
