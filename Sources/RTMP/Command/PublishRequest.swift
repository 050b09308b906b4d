/// What an encoder wants to publish.
///
/// Encoders put the stream key into the name of `publish`, into the application, or into the query of either; this is
/// where all of that is made one, once, before anybody checks it.
public struct PublishRequest: Sendable, Hashable {
    /// The application, which is the configured one.
    public let application: String
    /// What names and authorises the stream. It may contain slashes; percent-encoding is left as it came. Empty only
    /// when there is a query.
    public let streamKey: StreamKeyText
    /// The parameters behind a question mark, those of the application first.
    public let query: [Parameter]

    /// A parameter of the query; values are not percent-decoded, because encoders do not encode them.
    public struct Parameter: Sendable, Hashable {
        public let name: String
        public let value: StreamKeyText
    }

    /// The value of the first parameter of a name.
    public func parameter(_ name: String) -> StreamKeyText? { query.first { $0.name == name }?.value }

    /// Why there is no request.
    enum Failure: Error, Equatable {
        /// The path does not begin with the expected application.
        case unknownApplication
        /// Neither a key nor a query.
        case noStreamKey
    }

    /// Puts the pieces together.
    ///
    /// - Parameters:
    ///   - application: What `connect` said: segments, slashes at any place, possibly a query.
    ///   - name: What `publish` said: likewise.
    ///   - expected: The first segment of what both make together.
    init(application: String, name: String, expected: String) throws(Failure) {
        let base = Self.split(application)
        let rest = Self.split(name)
        let segments = (base.path + "/" + rest.path).split(separator: "/")
        guard let first = segments.first, first == expected else { throw .unknownApplication }
        self.application = expected
        streamKey = StreamKeyText(segments.dropFirst().joined(separator: "/"))
        query = Self.parameters(base.query) + Self.parameters(rest.query)
        guard !streamKey.isEmpty || !query.isEmpty else { throw .noStreamKey }
    }

    /// Whether an application can still become the expected one: it is empty, or begins with it.
    static func isPossible(application: String, expected: String) -> Bool {
        let first = split(application).path.split(separator: "/").first
        return first == nil || first.map { $0 == expected } == true
    }

    private static func split(_ text: String) -> (path: Substring, query: Substring) {
        guard let mark = text.firstIndex(of: "?") else { return (text[...], "") }
        return (text[..<mark], text[text.index(after: mark)...])
    }

    private static func parameters(_ query: Substring) -> [Parameter] {
        // A second question mark stands where an encoder added its own query behind the user's.
        query.split(whereSeparator: { $0 == "&" || $0 == "?" }).map { pair in
            guard let equals = pair.firstIndex(of: "=") else {
                return Parameter(name: String(pair), value: StreamKeyText(""))
            }
            return Parameter(
                name: String(pair[..<equals]), value: StreamKeyText(String(pair[pair.index(after: equals)...])))
        }
    }
}

extension PublishRequest: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "publish to \(application)" }
    public var debugDescription: String { description }
}
