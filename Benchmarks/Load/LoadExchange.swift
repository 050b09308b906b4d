import Bytes
import Network

/// Requests and answers on one connection, one after the other, as few players need: no redirects, no compression.
final class LoadExchange {
    struct Answer {
        let status: Int
        /// The end of the body, as much as was asked for.
        let tail: [UInt8]
        let bodyBytes: Int
    }

    private let connection: TCPConnection
    private let host: String
    /// What came behind the last answer.
    private var rest = Bytes()

    init(_ connection: TCPConnection, host: String) {
        self.connection = connection
        self.host = host
    }

    /// - Parameter tailBytes: How much of the body's end is kept.
    func get(_ target: String, keeping tailBytes: Int, fields: String = "") async throws -> Answer {
        try await connection.write(Bytes(utf8: "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n"))
        let head = try await readHead()
        let status = head.count > 12 ? Self.number(in: head.dropFirst(9)) : 0
        if Self.find(Self.chunkedField, in: head) != nil { return try await chunked(status, tailBytes) }
        var left = 0
        if status != 101, let field = Self.find(Self.lengthField, in: head) {
            left = Self.number(in: head.dropFirst(field + Self.lengthField.count))
        }
        let body = left
        var tail: [UInt8] = []
        while left > 0 {
            if rest.isEmpty { rest = try await more() }
            let count = min(left, rest.count)
            left -= count
            if left < tailBytes { tail += rest[max(0, count - tailBytes)..<count].array }
            rest = rest.dropFirst(count)
        }
        return Answer(
            status: status, tail: tail.count > tailBytes ? Array(tail.suffix(tailBytes)) : tail, bodyBytes: body)
    }

    /// As our servers write them; names are small letters or not, the load is for one server.
    private static let lengthField = Array("ontent-length: ".utf8)
    private static let chunkedField = Array("ransfer-encoding: chunked".utf8)

    /// The digits at the beginning.
    private static func number(in bytes: Bytes) -> Int {
        var value = 0
        for byte in bytes.prefix(9) {
            guard 48...57 ~= byte else { break }
            value = value * 10 + Int(byte - 48)
        }
        return value
    }

    /// What came behind an answer, or comes next.
    func bytes() async throws -> [UInt8] {
        guard rest.isEmpty else {
            defer { rest = Bytes() }
            return rest.array
        }
        return try await more().array
    }

    private func more() async throws -> Bytes {
        guard let bytes = try await connection.read(before: .never) else { throw NetworkError.connectionClosed }
        return bytes
    }

    /// Adds what comes next to what is there, of which something is missing.
    private func appendMore() async throws {
        let bytes = try await more()
        rest = rest.isEmpty ? bytes : Bytes(rest.array + bytes.array)
    }

    private static let headEnd: [UInt8] = [13, 10, 13, 10]

    private func readHead() async throws -> Bytes {
        while true {
            if let end = Self.find(Self.headEnd, in: rest) {
                defer { rest = rest.dropFirst(end + 4) }
                return rest[0..<end]
            }
            guard rest.count < 32_768 else { throw LoadFailure("an answer without an end of its head") }
            try await appendMore()
        }
    }

    private func chunked(_ status: Int, _ tailBytes: Int) async throws -> Answer {
        var (tail, total): ([UInt8], Int) = ([], 0)
        while true {
            while Self.find([13, 10], in: rest) == nil { try await appendMore() }
            guard let end = Self.find([13, 10], in: rest),
                let size = Int(rest[0..<end].string, radix: 16)
            else { throw LoadFailure("a chunk without a size") }
            while rest.count < end + 4 + size { try await appendMore() }
            tail = Array((tail + rest[(end + 2)..<(end + 2 + size)].array).suffix(tailBytes))
            rest = rest.dropFirst(end + 4 + size)
            total += size
            if size == 0 { return Answer(status: status, tail: tail, bodyBytes: total) }
        }
    }

    /// Where a pattern begins; letters count as they are, but for those of fields, which may be large.
    static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { find(pattern, in: $0) }
    }

    private static func find(_ pattern: [UInt8], in bytes: Bytes) -> Int? {
        bytes.withUnsafeBytes { find(pattern, in: $0) }
    }

    private static func find(_ pattern: [UInt8], in bytes: UnsafeRawBufferPointer) -> Int? {
        pattern.withUnsafeBufferPointer { pattern in
            guard bytes.count >= pattern.count else { return nil }
            for start in 0...(bytes.count - pattern.count) where bytes[start] | 0x20 == pattern[0] | 0x20 {
                var index = 1
                while index < pattern.count, bytes[start + index] | 0x20 == pattern[index] | 0x20 { index += 1 }
                if index == pattern.count { return start }
            }
            return nil
        }
    }

    /// Where the last one begins.
    static func findLast(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            pattern.withUnsafeBufferPointer { pattern in
                var start = bytes.count - pattern.count
                while start >= 0 {
                    var index = 0
                    while index < pattern.count, bytes[start + index] == pattern[index] { index += 1 }
                    if index == pattern.count { return start }
                    start -= 1
                }
                return nil
            }
        }
    }
}
