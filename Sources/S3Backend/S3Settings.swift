public import StreamingCore

/// Where the bucket is, and who we are.
public struct S3Settings: Sendable {
    /// Scheme, host and port of the store.
    public let endpoint: S3Endpoint
    /// 3 to 63 letters of `a-z 0-9 - .` (general rules for bucket names).
    public let bucket: String
    /// What requests are signed for; stores other than AWS mostly take any, and call theirs `us-east-1`.
    public let region: String
    /// Whose key it is: it stands in requests as it is.
    public let accessKey: String
    /// What requests are signed with.
    public let secretKey: Secret
    /// Comes with temporary credentials.
    public let sessionToken: Secret?
    /// Whether the bucket is the first component of the path, and not the first label of the host name. Most stores
    /// other than AWS want that, and every store that is reached by an address without a name.
    public let usesPathStyle: Bool
    /// A file of PEM certificates that the store's certificate is checked against; `nil` takes the system's.
    public let certificateAuthorityFile: String?

    /// - Parameters:
    ///   - endpoint: `https://host`, `http://host:9000`; `nil` or empty is AWS's in the region.
    ///   - usesPathStyle: `nil` chooses: host style for AWS, path style for all others.
    /// - Throws: ``StreamError/invalidValue(field:reason:)``, which names the field and never a secret.
    public init(
        endpoint: String?, bucket: String, region: String = "us-east-1", accessKey: String, secretKey: Secret,
        sessionToken: Secret? = nil, usesPathStyle: Bool? = nil, certificateAuthorityFile: String? = nil
    ) throws(StreamError) {
        guard Self.isLegalRegion(region) else {
            throw .invalidValue(field: "region", reason: "must be letters, digits and hyphens")
        }
        if let endpoint, !endpoint.isEmpty {
            self.endpoint = try S3Endpoint(endpoint)
        } else {
            self.endpoint = try S3Endpoint("https://s3.\(region).amazonaws.com")
        }
        guard Self.isLegalBucket(bucket) else {
            throw .invalidValue(
                field: "bucket", reason: "must be 3 to 63 lower-case letters, digits, hyphens and dots")
        }
        guard !accessKey.isEmpty, Self.isPrintable(accessKey), !accessKey.contains("/") else {
            throw .invalidValue(field: "access key", reason: "must be printable ASCII without spaces and slashes")
        }
        guard !secretKey.reveal().isEmpty, sessionToken.map({ Self.isPrintable($0.reveal()) }) ?? true else {
            throw .invalidValue(field: "secret key or session token", reason: "must be there, and printable ASCII")
        }
        self.bucket = bucket
        self.region = region
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.usesPathStyle = usesPathStyle ?? !self.endpoint.host.hasSuffix(".amazonaws.com")
        self.certificateAuthorityFile = certificateAuthorityFile
        guard self.usesPathStyle || !self.endpoint.isAddress else {
            throw .invalidValue(field: "endpoint", reason: "has no name that a bucket's could be put before")
        }
        guard self.usesPathStyle || !self.endpoint.isEncrypted || !bucket.contains(".") else {
            throw .invalidValue(field: "bucket", reason: "has a dot, which certificates for host style do not cover")
        }
    }

    /// The host that requests are sent to, with the port where it is not the scheme's own.
    var authority: String { usesPathStyle ? endpoint.authority : "\(bucket).\(endpoint.authority)" }

    private static func isLegalBucket(_ name: String) -> Bool {
        guard 3...63 ~= name.utf8.count, let first = name.utf8.first, let last = name.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last) && !name.contains("..")
            && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    private static func isLegalRegion(_ name: String) -> Bool {
        1...63 ~= name.utf8.count && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    /// What can stand in a header field without a space.
    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { 0x21...0x7E ~= $0 } }
}

/// Scheme, host and port: `https://s3.eu-west-1.amazonaws.com`, `http://127.0.0.1:9000`, `http://[::1]:9000`.
public struct S3Endpoint: Sendable, Equatable {
    /// Whether the scheme is `https`.
    public let isEncrypted: Bool
    /// A name or an address; one of IPv6 is in brackets.
    public let host: String
    /// `nil` is the scheme's own.
    public let port: Int?

    /// - Throws: ``StreamError/invalidValue(field:reason:)`` for anything but scheme, host and port. The text is not
    ///   repeated, because somebody may have put a password into it.
    public init(_ text: String) throws(StreamError) {
        var rest = Substring(text)
        if text.hasPrefix("https://") {
            isEncrypted = true
        } else if text.hasPrefix("http://") {
            isEncrypted = false
        } else {
            throw Self.mistake("must begin with http:// or https://")
        }
        rest = rest.dropFirst(isEncrypted ? 8 : 7)
        if rest.last == "/" { rest = rest.dropLast() }
        guard rest.utf8.allSatisfy(Self.isAllowed) else {
            throw Self.mistake("must have a host and a port and nothing else: no user, no path")
        }
        let end = rest.last == "]" ? nil : rest.lastIndex(of: ":")
        if let end {
            guard let number = Int(rest[end...].dropFirst()), 1...65_535 ~= number else {
                throw Self.mistake("must have a port from 1 to 65535")
            }
            port = number == (isEncrypted ? 443 : 80) ? nil : number
        } else {
            port = nil
        }
        host = rest[..<(end ?? rest.endIndex)].lowercased()
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2
        guard isBracketed || !host.isEmpty && !host.contains(where: { "[]:".contains($0) }) else {
            throw Self.mistake("must have a host")
        }
    }

    /// Host and port, as they stand in the `Host` field.
    var authority: String { port.map { "\(host):\($0)" } ?? host }

    /// Whether the host is an address and not a name.
    var isAddress: Bool { host.hasPrefix("[") || host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || isDigit($0) } }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:[]".utf8.contains(byte)
        }
    }

    private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    private static func mistake(_ reason: String) -> StreamError { .invalidValue(field: "endpoint", reason: reason) }
}
