/// Which web pages may read our responses (WHATWG Fetch, 3.2). Players run on other origins than the media.
public struct CORSPolicy: Sendable {
    /// The pages that may.
    public enum Origins: Sendable, Equatable {
        /// All of them. Nothing here depends on cookies, so that this gives nothing away.
        case any
        /// These, written as browsers send them: `https://player.example.org`.
        case listed([String])
    }

    /// Request fields that a page may send beyond the plain ones.
    public static let defaultAllowedFields = [
        "Range", "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "CMCD-Request", "CMCD-Object",
        "CMCD-Status", "CMCD-Session",
    ]
    /// Response fields that a page may read beyond the plain ones: hls.js reads Age, dash.js reads Date.
    public static let defaultExposedFields = [
        "Age", "Date", "Content-Length", "Content-Range", "ETag", "Server-Timing", "CMSD-Static", "CMSD-Dynamic",
    ]

    private let origins: Origins
    // Joined once and not for every response.
    private let allowedFields: String
    private let exposedFields: HTTPFields.Field
    private static let anyOrigin = HTTPFields.Field("access-control-allow-origin", "*")
    private let preflightMaxAgeSeconds: Int

    /// - Parameter preflightMaxAgeSeconds: How long a browser may remember the answer to a preflight, in seconds;
    ///   Chromium caps it at two hours.
    public init(
        _ origins: Origins = .any, allowedFields: [String] = defaultAllowedFields,
        exposedFields: [String] = defaultExposedFields, preflightMaxAgeSeconds: Int = 7200
    ) {
        self.origins = origins
        self.allowedFields = allowedFields.joined(separator: ", ")
        self.exposedFields = HTTPFields.Field("access-control-expose-headers", exposedFields.joined(separator: ", "))
        self.preflightMaxAgeSeconds = preflightMaxAgeSeconds
    }

    /// Whether a request only asks if another one would be allowed.
    public static func isPreflight(_ request: HTTPRequest) -> Bool {
        request.method == .options && request.fields.contains("origin")
            && request.fields.contains("access-control-request-method")
    }

    /// The answer to a preflight: 204, from which the browser reads what is allowed.
    ///
    /// - Parameter methods: What the resource has.
    public func preflightResponse(to request: HTTPRequest, methods: [HTTPMethod]) -> HTTPResponse {
        var response = HTTPResponse(.noContent)
        guard allowOrigin(of: request, in: &response.fields) else { return response }
        response.fields.append("access-control-allow-methods", methods.map(\.rawValue).joined(separator: ", "))
        response.fields.append("access-control-allow-headers", allowedFields)
        response.fields.append("access-control-max-age", String(preflightMaxAgeSeconds))
        return response
    }

    /// Adds to a response what a page needs to read it.
    public func apply(to response: inout HTTPResponse, for request: HTTPRequest) {
        guard allowOrigin(of: request, in: &response.fields) else { return }
        response.fields.append(exposedFields)
    }

    /// Whether a page may open a WebSocket, which browsers leave to the server (RFC 6455, 10.2).
    ///
    /// - Parameter origin: The page; nil for what is no browser, which may.
    public func allows(origin: String?) -> Bool {
        switch origins {
        case .any: true
        case .listed(let approved): origin.map(approved.contains) ?? true
        }
    }

    /// - Returns: Whether the page that asks is allowed.
    private func allowOrigin(of request: HTTPRequest, in fields: inout HTTPFields) -> Bool {
        switch origins {
        case .any:
            // Also without an Origin, so that a shared cache has one response for all.
            fields.append(Self.anyOrigin)
            return true
        case .listed(let approved):
            fields.append("vary", "Origin")
            guard let origin = request.fields["origin"], approved.contains(origin) else { return false }
            fields.set("access-control-allow-origin", origin)
            return true
        }
    }
}
