internal import CHiredis
import StreamingCore

/// A Lua script, which Redis runs as a whole and calls by the SHA-1 of its text.
///
/// Unsafe code: the text and the place for its digest are lent to one call of OpenSSL.
struct RedisScript: Sendable {
    let text: String
    let digest: String

    init(_ text: String) {
        self.text = text
        var bytes = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        let source = Array(text.utf8)
        _ = unsafe SHA1(source, source.count, &bytes)
        digest = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Runs the script; a server that does not know it yet, or any more, is given the text.
    func run(
        on pool: RedisPool, keys: [String], arguments: [RedisCommands.Argument]
    ) async throws(StreamError) -> RedisReply {
        let rest = [.number(Int64(keys.count))] + keys.map { RedisCommands.Argument.text($0) } + arguments
        let known = try await pool.send(RedisCommands([["EVALSHA", .text(digest)] + rest])).first
        guard known == .error(code: "NOSCRIPT") else { return try (known ?? .absent).checked("a script") }
        let told = try await pool.send(RedisCommands([["EVAL", .text(text)] + rest])).first
        return try (told ?? .absent).checked("a script")
    }
}
