public import Bytes

/// A complete thing to serve, made once and shared by all viewers: its fields are rendered here and not per request.
public struct HTTPRepresentation: Sendable {
    /// Buffers that make up the body, one behind the other.
    public let body: [Bytes]
    public let etag: EntityTag?
    public let lastModifiedUnixSeconds: Int?
    /// The length of the whole body in bytes.
    public let length: Int
    private let fields: HTTPFields

    /// A 304 updates what a cache has; what describes the body it does not send stays out (RFC 9110, 15.4.5).
    private var unchangedFields: HTTPFields {
        var all = fields
        for name in ["content-type", "content-encoding", "accept-ranges"] { all.remove(name) }
        return all
    }

    /// - Parameters:
    ///   - cacheControl: The value of `Cache-Control`; see ``CacheControl``.
    ///   - fields: What else to say, such as `Content-Encoding` and `Vary`.
    public init(
        body: [Bytes], contentType: String, etag: EntityTag? = nil, lastModifiedUnixSeconds: Int? = nil,
        cacheControl: String? = nil, fields: HTTPFields = HTTPFields()
    ) {
        self.body = body
        self.etag = etag
        self.lastModifiedUnixSeconds = lastModifiedUnixSeconds
        length = body.byteCount
        var all = fields
        all.set("content-type", contentType)
        if let etag { all.set("etag", etag.description) }
        if let lastModifiedUnixSeconds {
            all.set("last-modified", HTTPDate.format(unixSeconds: lastModifiedUnixSeconds))
        }
        if let cacheControl { all.set("cache-control", cacheControl) }
        all.set("accept-ranges", "bytes")
        self.fields = all.rendered()
    }

    /// Answers a request by the rules for conditions and ranges. `HEAD` gets the answer to `GET`, of which the
    /// connection sends the head only.
    public func response(to request: HTTPRequest) -> HTTPResponse {
        guard request.fields.mayLimitResponse else { return HTTPResponse(.ok, fields: fields, body: .shared(body)) }
        switch ConditionalRequest(request, etag: etag, lastModifiedUnixSeconds: lastModifiedUnixSeconds) {
        case .notModified: return HTTPResponse(.notModified, fields: unchangedFields)
        case .preconditionFailed: return ProblemDocument(.preconditionFailed).response()
        case .proceed: break
        }
        switch range(of: request) {
        case .whole:
            return HTTPResponse(.ok, fields: fields, body: .shared(body))
        case .part(let range):
            var fields = fields
            fields.append("content-range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)")
            return HTTPResponse(.partialContent, fields: fields, body: .shared(body.slice(range)))
        case .unsatisfiable:
            let fields: HTTPFields = ["content-range": "bytes */\(length)", "accept-ranges": "bytes"]
            return ProblemDocument(.rangeNotSatisfiable).response(fields: fields)
        }
    }

    /// Only `GET` has ranges (RFC 9110, 14.2), and `Range` is a field that may occur once.
    private func range(of request: HTTPRequest) -> RangeRequest {
        guard request.method == .get, let value = request.fields["range"] else { return .whole }
        let isAllowed = ConditionalRequest.allowsRange(
            request.fields["if-range"], etag: etag, lastModifiedUnixSeconds: lastModifiedUnixSeconds)
        return isAllowed ? RangeRequest(value, length: length) : .whole
    }
}
