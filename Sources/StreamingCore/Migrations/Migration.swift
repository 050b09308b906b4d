import Bytes

/// One step of a database's schema. Its SQL never changes once it is released: a change is a new step.
///
/// The SQL is a string in the binary, so that a binary finds it wherever it is started. The same text lies in
/// `migrations/` for people and tools; a test keeps the two equal.
public struct Migration: Sendable {
    /// Counts from 1 without a gap.
    public let version: Int
    /// The file's name without `.sql`, for example `0001_streams`.
    public let name: String
    /// Statements that run in a transaction, which excludes PostgreSQL's `CREATE INDEX CONCURRENTLY` and the like.
    public let sql: String

    public init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// SHA-256 of the SQL in hexadecimal.
    public var checksum: String {
        SHA256.hash(Bytes(utf8: sql)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
