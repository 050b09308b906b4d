/// The path of a route: literal segments, `{name}` for any one segment that is not empty, and at the end `{name...}`
/// for all that is left, at least one byte.
///
///     /streams/{id}/keys/{key_id}
///     /assets/{path...}
struct RoutePattern {
    enum Segment: Equatable {
        case literal(String)
        case parameter(String)
        case rest(String)
    }

    let segments: [Segment]

    /// - Parameter text: From code: a pattern that is none is a mistake of ours.
    init(_ text: String) {
        precondition(text.utf8.first == ASCII.slash, "a pattern starts with a slash")
        segments = text.utf8.dropFirst().split(separator: ASCII.slash, omittingEmptySubsequences: false).map { part in
            guard part.first == 0x7B, part.last == 0x7D else { return .literal(String(Substring(part))) }
            let name = Substring(part.dropFirst().dropLast())
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
        }
        let isRestLast = segments.dropLast().allSatisfy { if case .rest = $0 { false } else { true } }
        precondition(isRestLast, "what takes the rest of a path stands at its end")
    }
}

/// What the parameters of a route's pattern stood for in a request's path.
public struct PathParameters: Sendable {
    var names: [String] = []
    var values: [Substring] = []

    /// The value of a parameter that the pattern has. Asking for another one is a mistake in the route.
    public subscript(name: String) -> String {
        for index in names.indices where names[index] == name { return String(values[index]) }
        preconditionFailure("the pattern of this route has no such parameter")
    }
}
