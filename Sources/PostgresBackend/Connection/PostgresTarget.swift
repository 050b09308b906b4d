internal import CPostgres
internal import Glibc
import StreamingCore

// A connection URI (PostgreSQL's manual, 34.1.1.2), read by libpq itself:
//
//   postgres://user:password@host:port,host:port/database?sslmode=verify-full&sslrootcert=/etc/ca.pem

/// Where the database is and how to get in. It holds the password and prints only what is not secret.
///
/// Unsafe code: libpq's list of options lives from the call that makes it to the one that frees it, both in `init`; the
/// C strings that are handed out live as long as the closure that gets them.
struct PostgresTarget: Sendable {
    /// Names and values for libpq.
    private let options: [(keyword: String, value: Secret)]
    /// Without user and password, for people: `db.example:5432/sluice`.
    let address: String

    /// The names of `DATABASE_URL` that libpq knows by itself.
    private static let schemes = ["postgres://", "postgresql://"]

    /// What libpq does not do by itself or does too late. A URL that says otherwise wins.
    private static let defaults = [
        "fallback_application_name": "sluice", "client_encoding": "UTF8",
        // A server that vanished is noticed after 10 s without traffic and three unanswered probes.
        "keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "3", "keepalives_count": "3",
        "tcp_user_timeout": String(PostgresSettings.unacknowledgedMilliseconds),
    ]

    /// - Throws: ``StreamError/invalidValue(field:reason:)`` when libpq does not understand the URL. Its own words are
    ///   left out, because they repeat pieces of it, the password among them.
    init(url: Secret) throws(StreamError) {
        let text = url.reveal()
        guard Self.schemes.contains(where: text.hasPrefix) else {
            throw .invalidValue(field: "DATABASE_URL", reason: "must begin with postgres:// or be left out")
        }
        var message: UnsafeMutablePointer<CChar>?
        let list = unsafe PQconninfoParse(text, &message)
        defer { unsafe PQfreemem(message) }
        guard let list = unsafe list else {
            throw .invalidValue(
                field: "DATABASE_URL",
                reason: "is not of the form postgres://user:password@host:port/database?sslmode=...; "
                    + "other characters than letters and digits in user and password are written as %40 and the like")
        }
        defer { unsafe PQconninfoFree(list) }
        var options: [String: String] = Self.defaults
        var option = unsafe list
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                options[unsafe String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        address = (options["host"] ?? "localhost") + ":" + (options["port"] ?? "5432") + "/" + (options["dbname"] ?? "")
        self.options = options.map { ($0.key, Secret($0.value)) }
    }

    /// Lends the options as libpq takes them: two lists that end with a null pointer.
    @unsafe func withOptions<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Value?
    ) -> Value? {
        let keywords = unsafe options.map { unsafe strdup($0.keyword) } + [nil]
        let values = unsafe options.map { unsafe strdup($0.value.reveal()) } + [nil]
        defer {
            for index in unsafe keywords.indices {
                unsafe free(keywords[index])
                unsafe free(values[index])
            }
        }
        return unsafe keywords.map { unsafe UnsafePointer($0) }.withUnsafeBufferPointer { keywords in
            unsafe values.map { unsafe UnsafePointer($0) }.withUnsafeBufferPointer { values in
                // Both have at least the null pointer in them.
                guard let keywords = keywords.baseAddress, let values = values.baseAddress else { return nil }
                return unsafe body(keywords, values)
            }
        }
    }

    /// A text of libpq or the server without the password, should it be in there, and without its line ends.
    func redacted(_ text: String) -> String {
        var lines: [Substring] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("LOCATION:") { lines.append(line) }
        var text = lines.joined(separator: "; ")
        for option in options where option.keyword.hasSuffix("password") && !option.value.reveal().isEmpty {
            text = text.split(separator: option.value.reveal(), omittingEmptySubsequences: false)
                .joined(separator: "<secret>")
        }
        return String(text.prefix(Self.reasonCharactersMax))
    }

    /// Longer reasons are cut.
    private static let reasonCharactersMax = 400
}
