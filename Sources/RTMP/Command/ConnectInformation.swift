/// What `connect` says about the encoder. Nothing here can hold a stream key.
public struct ConnectInformation: Sendable, Equatable {
    /// The name and version of the encoder (`flashVer`), cut to `RTMPLimits.textCharactersMax`; possibly empty.
    public let encoder: String
    /// 0, or 3 for clients that send AMF3 envelopes.
    public let objectEncoding: Int
    public let capabilities: PeerCapabilities

    init(_ connect: AMFObject) {
        encoder = String(fromPeer: connect["flashVer"]?.text ?? "")
        objectEncoding = connect["objectEncoding"]?.number == 3 ? 3 : 0
        capabilities = PeerCapabilities(connect: connect)
    }

    /// The application: `app`, or what `tcUrl` says, however it is spelled.
    static func application(of connect: AMFObject) -> String {
        if let application = connect["app"]?.text, !application.isEmpty { return unquoted(application) }
        guard let url = (connect["tcUrl"] ?? connect["tcurl"])?.text else { return "" }
        return path(of: unquoted(url))
    }

    /// What follows `scheme://host:port/`.
    private static func path(of url: String) -> String {
        var rest = url[...]
        if let scheme = firstRange(of: "://", in: rest) { rest = rest[scheme...] }
        guard let slash = rest.firstIndex(of: "/") else { return "" }
        return String(rest[rest.index(after: slash)...])
    }

    /// Where the text behind the first `://` begins.
    private static func firstRange(of separator: String, in text: Substring) -> Substring.Index? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(separator) { return text.index(start, offsetBy: separator.count) }
            start = text.index(after: start)
        }
        return nil
    }

    private static func unquoted(_ text: String) -> String {
        var inner = text[...]
        while let first = inner.first, first == "'" || first == "\"" || first == " " { inner.removeFirst() }
        while let last = inner.last, last == "'" || last == "\"" || last == " " { inner.removeLast() }
        return String(inner)
    }
}
