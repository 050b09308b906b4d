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
    private var rest: [UInt8] = []

    init(_ connection: TCPConnection, host: String) {
        self.connection = connection
        self.host = host
    }

    /// - Parameter tailBytes: How much of the body's end is kept.
    func get(_ target: String, keeping tailBytes: Int, fields: String = "") async throws -> Answer {
        try await connection.write(Bytes(utf8: "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n"))
        let head = try await readHead()
        let status = head.count > 12 ? Self.number(in: head[9..<12]) : 0
        if Self.find(Self.chunkedField, in: head) != nil { return try await chunked(status, tailBytes) }
        var left = 0
        if status != 101, let field = Self.find(Self.lengthField, in: head) {
            left = Self.number(in: head[(field + Self.lengthField.count)...])
        }
        let body = left
        var tail: [UInt8] = []
        while left > 0 {
            if rest.isEmpty { rest = try await more() }
            let count = min(left, rest.count)
            left -= count
            if left < tailBytes { tail += rest[..<count].suffix(tailBytes) }
            if count == rest.count { rest.removeAll(keepingCapacity: true) } else { rest.removeFirst(count) }
        }
        return Answer(
            status: status, tail: tail.count > tailBytes ? Array(tail.suffix(tailBytes)) : tail, bodyBytes: body)
    }

    /// As our servers write them; names are small letters or not, the load is for one server.
    private static let lengthField = Array("ontent-length: ".utf8)
    private static let chunkedField = Array("ransfer-encoding: chunked".utf8)

    /// The digits at the beginning.
    private static func number(in bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix { 48...57 ~= $0 }.reduce(0) { $0 * 10 + Int($1 - 48) }
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

    private func readHead() async throws -> [UInt8] {
        while true {
            if let end = Self.find([13, 10, 13, 10], in: rest) {
                let head = Array(rest[..<end])
                rest.removeFirst(end + 4)
                return head
            }
            guard rest.count < 32_768 else { throw LoadFailure("an answer without an end of its head") }
            rest += try await more()
        }
    }

    private func chunked(_ status: Int, _ tailBytes: Int) async throws -> Answer {
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
            if size == 0 { return Answer(status: status, tail: tail, bodyBytes: total) }
        }
    }

    /// Where a pattern begins; letters count as they are, but for those of fields, which may be large.
    static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
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
