public import StreamingCore

/// Where Redis is, and how it is talked to.
///
/// ```
/// redis://[[user]:password@]host[:port][/database]         plain
/// rediss://[[user]:password@]host[:port][/database]        TLS; the certificate must be good for the host
/// rediss://...?ssl_ca_certs=/etc/ssl/redis-ca.pem          TLS with the authorities of a file
/// unix://[[user]:password@]/path/to/redis.sock[?db=0]      a socket in the file system
/// ```
/// What a user or a password has of `:/?#[]@%` is written as `%` and two hexadecimal digits. There is no switch that
/// accepts any certificate.
///
/// **What stands behind the address.** One primary of version 7.0 or later, behind one address: a single server, a
/// managed service, or a name, a virtual address or a proxy that leads to the primary of a replicated pair. After a
/// fail-over the pool notices that it talks to a replica (`READONLY`), and connects anew through the address.
/// - *Sentinel* is not asked for the primary: put a proxy or a name that follows it before it. Replication is
///   asynchronous, so the newest writes may be lost in a fail-over; the port's callers replace what is missing.
/// - *Cluster* is not supported: redirections (`MOVED`) are errors, and nodes are not looked for. A proxy that hides
///   the cluster works for segments, whose keys carry a hash tag per stream, and not for timelines, because their
///   script also writes the one set of all streams.
public struct RedisSettings: Sendable {
    /// Where the server listens.
    public enum Address: Sendable, Equatable {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)
    }

    /// How the connection is protected.
    public enum Protection: Sendable, Equatable {
        case none
        /// TLS 1.2 or later.
        ///
        /// - Parameter authoritiesFile: A PEM file; the system's authorities when `nil`.
        case tls(authoritiesFile: String?)
    }

    public static let defaultPort = 6379
    /// The longest path that the kernel takes for a socket, in bytes.
    public static let socketPathBytesMax = 107

    public var address: Address
    public var protection: Protection
    public var user: String?
    public var password: Secret?
    public var database: Int
    /// How many connections the pool has.
    public var connectionCount = 10
    /// From the first packet to a server that answers, per attempt. Shorter than a call may take, so that who calls
    /// meanwhile is told the reason.
    public var connectTimeMax = Duration.milliseconds(1500)
    /// From the call to its answer: no caller waits longer.
    public var callTimeMax = Duration.seconds(2)

    public init(
        address: Address, protection: Protection = .none, user: String? = nil, password: Secret? = nil,
        database: Int = 0
    ) {
        self.address = address
        self.protection = protection
        self.user = user
        self.password = password
        self.database = database
    }

    /// Reads `REDIS_URL`.
    ///
    /// - Throws: ``StreamError/invalidValue(field:reason:)``, without anything of the value in it.
    public init(url: Secret) throws(StreamError) {
        let parts = try URLParts(url.reveal())
        switch parts.scheme {
        case "redis", "rediss":
            address = .tcp(host: try parts.requiredHost(), port: try parts.port() ?? Self.defaultPort)
            database = try Self.database(parts.path.dropFirst())
            let authorities = try parts.option("ssl_ca_certs")
            guard parts.scheme == "rediss" || authorities == nil else {
                throw Self.invalid("has ssl_ca_certs, which needs rediss://")
            }
            protection = parts.scheme == "rediss" ? .tls(authoritiesFile: authorities) : .none
        case "unix":
            let path = try parts.decoded(parts.path)
            guard parts.host.isEmpty, !path.isEmpty else { throw Self.invalid("has no path to a socket") }
            guard path.utf8.count <= Self.socketPathBytesMax else {
                throw Self.invalid("has a path of more than \(Self.socketPathBytesMax) bytes")
            }
            address = .unixSocket(path: path)
            database = try Self.database(try parts.option("db") ?? "")
            protection = .none
        default: throw Self.invalid("must begin with redis://, rediss:// or unix://")
        }
        (user, password) = try parts.credentials()
        try parts.requireNoOther(than: ["ssl_ca_certs", "db"])
    }

    private static func database(_ text: some StringProtocol) throws(StreamError) -> Int {
        if text.isEmpty { return 0 }
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(text), number <= 65_535 else {
            throw invalid("has a database that is not a number")
        }
        return number
    }

    static func invalid(_ reason: String) -> StreamError { .invalidValue(field: "REDIS_URL", reason: reason) }
}

extension RedisSettings.Address: CustomStringConvertible {
    /// `redis.example:6379`, for messages.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): path
        }
    }
}

/// The pieces of a URL, still encoded.
private struct URLParts {
    let scheme: String
    let userinfo: Substring?
    let host: Substring
    let portText: Substring?
    let path: Substring
    let options: [(name: Substring, value: Substring)]

    init(_ text: String) throws(StreamError) {
        guard let separator = text.firstRange(of: "://") else {
            throw RedisSettings.invalid("must begin with redis://, rediss:// or unix://")
        }
        scheme = text[..<separator.lowerBound].lowercased()
        var rest = text[separator.upperBound...]
        guard !rest.contains("#") else { throw RedisSettings.invalid("has a #: write it as %23") }
        if let mark = rest.firstIndex(of: "?") {
            options = rest[rest.index(after: mark)...].split(separator: "&").map { option in
                let equals = option.firstIndex(of: "=") ?? option.endIndex
                return (option[..<equals], option[equals...].dropFirst())
            }
            rest = rest[..<mark]
        } else {
            options = []
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        path = rest[slash...]
        var authority = rest[..<slash]
        if let at = authority.lastIndex(of: "@") {
            userinfo = authority[..<at]
            authority = authority[authority.index(after: at)...]
        } else {
            userinfo = nil
        }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[..<end].dropFirst()
            let tail = authority[end...].dropFirst()
            guard tail.isEmpty || tail.hasPrefix(":") else { throw RedisSettings.invalid("has a strange host") }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else {
            let colon = authority.firstIndex(of: ":")
            host = authority[..<(colon ?? authority.endIndex)]
            portText = colon.map { authority[$0...].dropFirst() }
        }
    }

    func requiredHost() throws(StreamError) -> String {
        guard !host.isEmpty, host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-_:".contains($0)) })
        else { throw RedisSettings.invalid("has no host, or one with strange characters") }
        return String(host)
    }

    func port() throws(StreamError) -> Int? {
        guard let portText else { return nil }
        guard portText.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(portText), 1...65_535 ~= port else {
            throw RedisSettings.invalid("has a port that is not one of 1 to 65535")
        }
        return port
    }

    func credentials() throws(StreamError) -> (user: String?, password: Secret?) {
        guard let userinfo else { return (nil, nil) }
        guard let colon = userinfo.firstIndex(of: ":") else {
            throw RedisSettings.invalid("has a user without a password: write user:password@ or :password@")
        }
        let user = try decoded(userinfo[..<colon])
        let password = try decoded(userinfo[colon...].dropFirst())
        guard !password.isEmpty else { throw RedisSettings.invalid("has an empty password") }
        return (user.isEmpty ? nil : user, Secret(password))
    }

    func option(_ name: String) throws(StreamError) -> String? {
        guard let option = options.last(where: { $0.name == name }) else { return nil }
        return try decoded(option.value)
    }

    func requireNoOther(than known: Set<Substring>) throws(StreamError) {
        guard options.allSatisfy({ known.contains($0.name) }) else {
            throw RedisSettings.invalid("has an option beside \(known.sorted().joined(separator: " and "))")
        }
    }

    /// Undoes percent-encoding.
    func decoded(_ text: Substring) throws(StreamError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
                let value = UInt8(digits, radix: 16), value != 0
            else { throw RedisSettings.invalid("has a % that two hexadecimal digits do not follow") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw RedisSettings.invalid("is not UTF-8")
        }
        return decoded
    }
}
