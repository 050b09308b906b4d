import Bytes
import Network

/// Requests and answers on one connection, one after the other, as few players need: no redirects, no compression.
final class LoadExchange {
    struct Answer {
        let status: Int
        /// The end of the body, as much as was asked for.
        let tail: [UInt8]
        let bodyBytes: Int
        let head: String
    }

    private let connection: TCPConnection
    private let host: String
    /// What came behind the last answer.
    private var rest: [UInt8] = []

    init(_ connection: TCPConnection, host: String) {
        self.connection = connection
        self.host = host
    }

    /// - Parameter tailBytes: How much of the body's end is kept.
    func get(_ target: String, keeping tailBytes: Int, fields: String = "") async throws -> Answer {
        try await connection.write(Bytes(utf8: "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n"))
        let head = try await readHead()
        let lines = head.split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: ":")[1].drop { $0 == " " }) }
        let isChunked = lines.contains { $0.lowercased().hasPrefix("transfer-encoding:") }
        if isChunked { return try await chunked(status, head, tailBytes) }
        var tail: [UInt8] = []
        let body = status == 101 ? 0 : length ?? 0
        var left = body
        while left > 0 {
            if rest.isEmpty { rest = try await more() }
            let count = min(left, rest.count)
            left -= count
            if left < tailBytes { tail += rest[..<count].suffix(tailBytes) }
            rest.removeFirst(count)
        }
        return Answer(status: status, tail: Array(tail.suffix(tailBytes)), bodyBytes: body, head: head)
    }

    /// What came behind an answer, or comes next.
    func bytes() async throws -> [UInt8] {
        guard rest.isEmpty else {
            defer { rest = [] }
            return rest
        }
        return try await more()
    }

    private func more() async throws -> [UInt8] {
        guard let bytes = try await connection.read(before: .never) else { throw NetworkError.connectionClosed }
        return bytes.array
    }

    private func readHead() async throws -> String {
        while true {
            if let end = Self.find([13, 10, 13, 10], in: rest) {
                let head = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeFirst(end + 4)
                return head
            }
            guard rest.count < 32_768 else { throw LoadFailure("an answer without an end of its head") }
            rest += try await more()
        }
    }

    private func chunked(_ status: Int, _ head: String, _ tailBytes: Int) async throws -> Answer {
        var (tail, total): ([UInt8], Int) = ([], 0)
        while true {
            while Self.find([13, 10], in: rest) == nil { rest += try await more() }
            guard let end = Self.find([13, 10], in: rest),
                let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16)
            else { throw LoadFailure("a chunk without a size") }
            while rest.count < end + 4 + size { rest += try await more() }
            tail = Array((tail + rest[(end + 2)..<(end + 2 + size)]).suffix(tailBytes))
            rest.removeFirst(end + 4 + size)
            total += size
            if size == 0 { return Answer(status: status, tail: tail, bodyBytes: total, head: head) }
        }
    }

    static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        for start in 0...(bytes.count - pattern.count) where bytes[start] == pattern[0] {
            if bytes[start..<start + pattern.count].elementsEqual(pattern) { return start }
        }
        return nil
    }
}
