/// Whether a request still wants the representation it asks for (RFC 9110, 13).
public enum ConditionalRequest: Sendable, Equatable {
    /// The method is to be performed.
    case proceed
    /// 304: the client has it already.
    case notModified
    /// 412: the client's assumption no longer holds.
    case preconditionFailed

    /// Evaluates the fields in the order that RFC 9110, 13.2.2 prescribes.
    ///
    /// - Parameters:
    ///   - request: What the client sent.
    ///   - etag: The present tag of the representation, if it has one.
    ///   - lastModifiedUnixSeconds: When it last changed, if known.
    public init(_ request: HTTPRequest, etag: EntityTag?, lastModifiedUnixSeconds: Int?) {
        let fields = request.fields
        if let match = fields.list("if-match") {
            guard EntityTagList(match).contains(etag, by: { $0.matchesStrongly($1) }) else {
                self = .preconditionFailed
                return
            }
        } else if let date = fields["if-unmodified-since"].flatMap(HTTPDate.unixSeconds), let lastModifiedUnixSeconds {
            guard lastModifiedUnixSeconds <= date else {
                self = .preconditionFailed
                return
            }
        }
        let isRead = request.method == .get || request.method == .head
        if let noneMatch = fields.list("if-none-match") {
            let isKnown = EntityTagList(noneMatch).contains(etag) { $0.matchesWeakly($1) }
            self = !isKnown ? .proceed : isRead ? .notModified : .preconditionFailed
        } else if isRead, let date = fields["if-modified-since"].flatMap(HTTPDate.unixSeconds),
            let lastModifiedUnixSeconds, lastModifiedUnixSeconds <= date
        {
            self = .notModified
        } else {
            self = .proceed
        }
    }

    /// Whether `If-Range` lets a range be served (RFC 9110, 13.1.5): the part that the client has fits this state.
    ///
    /// - Parameter value: The value of `If-Range`, nil when there is none.
    static func allowsRange(_ value: String?, etag: EntityTag?, lastModifiedUnixSeconds: Int?) -> Bool {
        guard let value else { return true }
        var text = value.utf8[...]
        if let tag = EntityTag(removingFrom: &text) {
            return text.isEmpty && etag.map { $0.matchesStrongly(tag) } == true
        }
        guard let lastModifiedUnixSeconds, let date = HTTPDate.unixSeconds(value) else { return false }
        return date == lastModifiedUnixSeconds
    }
}
