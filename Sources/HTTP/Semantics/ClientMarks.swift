public import Bytes

/// Where a request's header says something of who sent it and on what way it came: found in one walk over the fields,
/// without making a string of any.
///
/// It is about the fields it was made from, and of no use with others.
public struct ClientMarks: Sendable {
    /// Whether a shared cache has passed the request on: `Via` (RFC 9110, 7.6.3) or `CDN-Loop` (RFC 8586).
    public internal(set) var cameThroughCache = false
    /// Whether there are fields of ``CMCD``.
    public internal(set) var hasMeasurements = false
    /// Places of fields, received ones before added ones; -1 for none.
    var cookie = -1
    var userAgent = -1

    init() {}

    /// Whether there is a `Cookie`.
    public var hasCookie: Bool { cookie >= 0 }
}

extension HTTPFields {
    /// What the fields say of the client.
    public var clientMarks: ClientMarks {
        var marks = ClientMarks()
        for index in lines.indices { marks.note(index, head, lines[index].name) }
        for index in added.indices {
            let name = Bytes(utf8: added[index].name)
            marks.note(lines.count + index, name, 0..<name.count)
        }
        return marks
    }

    /// The value of a field at a place that ``clientMarks`` found.
    private func value(at index: Int) -> Bytes? {
        guard index >= 0 else { return nil }
        return index < lines.count ? head[lines[index].value] : Bytes(utf8: added[index - lines.count].value)
    }

    /// `Cookie`, as it was sent; it shares the memory of the request.
    public func cookie(_ marks: ClientMarks) -> Bytes? { value(at: marks.cookie) }

    /// `User-Agent`, as it was sent.
    public func userAgent(_ marks: ClientMarks) -> Bytes? { value(at: marks.userAgent) }
}

extension ClientMarks {
    /// The first field of a name counts. Most fields are ruled out by the length of their names alone.
    @inline(__always)
    fileprivate mutating func note(_ index: Int, _ head: Bytes, _ name: Range<Int>) {
        switch name.count {
        case 3: if head.isEqual(name, ignoringCaseOf: "via") { cameThroughCache = true }
        case 6: if cookie < 0, head.isEqual(name, ignoringCaseOf: "cookie") { cookie = index }
        case 8: if head.isEqual(name, ignoringCaseOf: "cdn-loop") { cameThroughCache = true }
        case 10: if userAgent < 0, head.isEqual(name, ignoringCaseOf: "user-agent") { userAgent = index }
        case 11:
            if head.isEqual(name, ignoringCaseOf: "cmcd-object") || head.isEqual(name, ignoringCaseOf: "cmcd-status") {
                hasMeasurements = true
            }
        case 12:
            if head.isEqual(name, ignoringCaseOf: "cmcd-request")
                || head.isEqual(name, ignoringCaseOf: "cmcd-session")
            {
                hasMeasurements = true
            }
        default: break
        }
    }
}
