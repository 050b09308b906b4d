import Bytes

/// One step of the schema. Its SQL never changes once it is released: a change is a new step.
///
/// The SQL is a string in the binary, so that a binary finds it wherever it is started. The same text lies in
/// `migrations/postgres/` for people and tools; a test keeps the two equal.
struct Migration: Sendable {
    /// Counts from 1 without a gap.
    let version: Int
    /// The file's name without `.sql`, for example `0001_streams`.
    let name: String
    /// Statements that run in a transaction, which excludes `CREATE INDEX CONCURRENTLY` and the like.
    let sql: String

    /// SHA-256 of the SQL in hexadecimal.
    var checksum: String {
        SHA256.hash(Bytes(utf8: sql)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// All that this binary knows, in order.
    static let all = [streams, qualityLevels, audience, partitionLeases]
}
