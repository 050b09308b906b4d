public import Bytes

/// Finds the address of the client behind proxies that are known.
///
/// ```
///  X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.0.0.4         the peer is 10.0.0.3
///                                ^ the client, when 10.0.0.0/8 is trusted: who stands left of it said so himself
/// ```
/// From right to left, each proxy has told who asked it. What a trusted one tells is believed; the first address that
/// is not trusted is the client's, and all that is left of it is hearsay. `Forwarded` (RFC 7239) is read likewise.
/// Where a request has both and they disagree, one of them came from the client: then neither is believed.
public struct TrustedProxies: Sendable {
    /// Addresses that are looked at, from the right.
    public static let hopsMax = 32

    private let prefixes: [AddressPrefix]

    /// - Parameter prefixes: Where proxies are; with none of them, every request is its peer's own.
    public init(_ prefixes: [AddressPrefix]) { self.prefixes = prefixes }

    /// The address of who asks, in the spelling of ``InternetAddress``; the peer's own as it is, where it is no trusted
    /// proxy or tells nothing.
    public func client(of request: HTTPRequest) -> String {
        guard !prefixes.isEmpty, let peer = InternetAddress(request.peerAddress), isTrusted(peer) else {
            return request.peerAddress
        }
        let listed = request.fields.list("x-forwarded-for").map { client(in: Self.addresses(listed: $0), peer) }
        let forwarded = request.fields.list("forwarded").map { client(in: Self.addresses(forwarded: $0), peer) }
        guard let client = listed ?? forwarded, listed == nil || forwarded == nil || listed == forwarded else {
            return request.peerAddress
        }
        return client == peer ? request.peerAddress : client.description
    }

    private func isTrusted(_ address: InternetAddress) -> Bool { prefixes.contains { $0.contains(address) } }

    /// - Parameter hops: From right to left; `nil` where somebody was hidden or wrote something else.
    private func client(in hops: some Sequence<InternetAddress?>, _ peer: InternetAddress) -> InternetAddress {
        var client = peer
        for hop in hops.prefix(Self.hopsMax) {
            guard let hop else { return client }
            client = hop
            guard isTrusted(hop) else { return client }
        }
        return client
    }

    // MARK: Fields

    /// `192.0.2.1, 2001:db8::1`; proxies write ports too, and brackets.
    private static func addresses(listed text: String) -> [InternetAddress?] {
        text.utf8.split(separator: ASCII.comma, omittingEmptySubsequences: false).reversed().prefix(hopsMax)
            .map { address(Substring($0)) }
    }

    /// `for=192.0.2.60;proto=http, for="[2001:db8::1]:4711"` (RFC 7239, 4).
    private static func addresses(forwarded text: String) -> [InternetAddress?] {
        pieces(of: text.utf8[...], at: ASCII.comma).reversed().prefix(hopsMax).map { element in
            for pair in pieces(of: element, at: UInt8(ascii: ";")) {
                guard let equals = pair.firstIndex(of: ASCII.equals) else { return nil }
                let name = trimmed(Substring(pair[..<equals]))
                guard name.lowercased() == "for" else { continue }
                let value = trimmed(Substring(pair[pair.index(after: equals)...]))
                // No address has a character that would have to be escaped.
                return address(value.hasPrefix("\"") ? value.dropFirst().dropLast() : value)
            }
            return nil
        }
    }

    /// Splits a list outside of quotes.
    private static func pieces(of text: Substring.UTF8View, at separator: UInt8) -> [Substring.UTF8View] {
        var pieces: [Substring.UTF8View] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            let byte = text[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == ASCII.backslash {
                isEscaped = true
            } else if byte == ASCII.quote {
                isQuoted.toggle()
            } else if byte == separator, !isQuoted {
                pieces.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        pieces.append(text[start...])
        return pieces
    }

    /// An address with or without a port; an IPv6 address with a port is in brackets.
    private static func address(_ text: Substring) -> InternetAddress? {
        let text = trimmed(text)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), isPort(text[text.index(after: end)...]) else { return nil }
            return InternetAddress(text[..<end].dropFirst())
        }
        if let address = InternetAddress(text) { return address }
        guard let colon = text.firstIndex(of: ":"), isPort(text[colon...]) else { return nil }
        return InternetAddress(text[..<colon])
    }

    /// Nothing, or a colon and a number; RFC 7239 lets a port be hidden behind a name too.
    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.hasPrefix(":") && UInt16(text.dropFirst()) != nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var bytes = text.utf8
        while bytes.first?.isFieldSpace == true { bytes.removeFirst() }
        while bytes.last?.isFieldSpace == true { bytes.removeLast() }
        return Substring(bytes)
    }
}
