public import Bytes

/// An error as the API tells it (RFC 9457, `application/problem+json`).
public struct ProblemDocument: Sendable, Equatable {
    public var status: HTTPStatus
    /// A URI that names the kind of problem; `about:blank` says no more than the status does.
    public var type: String
    /// A short summary that is the same for every occurrence.
    public var title: String
    /// What happened this time, for a human.
    public var detail: String?
    /// A URI that names this occurrence.
    public var instance: String?
    /// Our extension: a stable word for programs, such as `stream_not_found`.
    public var code: String?

    /// - Parameter title: The reason phrase of the status when nil.
    public init(
        _ status: HTTPStatus, type: String = "about:blank", title: String? = nil, detail: String? = nil,
        instance: String? = nil, code: String? = nil
    ) {
        self.status = status
        self.type = type
        self.title = title ?? status.reason
        self.detail = detail
        self.instance = instance
        self.code = code
    }

    /// The document as JSON.
    public var json: Bytes {
        var object = JSONObjectWriter()
        object.member("type", type)
        object.member("title", title)
        object.member("status", status.code)
        if let detail { object.member("detail", detail) }
        if let instance { object.member("instance", instance) }
        if let code { object.member("code", code) }
        return object.finish()
    }

    /// A response that carries the document and is not to be cached.
    public func response(fields: HTTPFields = HTTPFields()) -> HTTPResponse {
        var fields = fields
        fields.set("content-type", MediaType.problem)
        fields.set("cache-control", "no-store")
        // What the caller sent may be quoted in it, and is never to be taken for a page.
        fields.set("x-content-type-options", "nosniff")
        return HTTPResponse(status, fields: fields, body: .shared([json]))
    }
}
