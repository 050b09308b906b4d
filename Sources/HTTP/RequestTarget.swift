public import Bytes

/// What a request is about (RFC 9112, 3.2), taken apart and made safe.
///
///     /hls/abc/master.m3u8?a=b           origin-form
///     http://host:80/hls/abc?a=b         absolute-form
///     *                                  asterisk-form, of OPTIONS only
///
/// The path is percent-decoded exactly once, and only then freed of `.` and `..` segments, so that no spelling of a dot
/// or a slash leads out of the root. It is valid UTF-8 and has no control character.
public struct RequestTarget: Sendable, Equatable {
    /// The decoded path, which starts with `/`; or `*`.
    public let path: String
    /// What stands behind the first `?`, not decoded.
    public let query: String
    /// Host and port of the absolute form, which outweigh the `Host` field (RFC 9112, 3.2.2).
    public let authority: String?

    /// - Returns: nil when the text is no target of that method.
    public init?(_ bytes: Bytes, method: HTTPMethod) {
        guard let first = bytes.first(where: { _ in true }) else { return nil }
        if first == ASCII.slash {
            guard let parts = Self.split(bytes, from: 0) else { return nil }
            (path, query) = parts
            authority = nil
        } else if first == ASCII.asterisk {
            guard bytes.count == 1, method == .options else { return nil }
            (path, query, authority) = ("*", "", nil)
        } else {
            guard let start = Self.endOfScheme(bytes) else { return nil }
            var end = start
            while end < bytes.count, bytes[end] != ASCII.slash, bytes[end] != ASCII.questionMark { end += 1 }
            guard bytes.isAuthority(start..<end), let parts = Self.split(bytes, from: end) else { return nil }
            (path, query) = parts
            authority = bytes[start..<end].string
        }
    }

    private static func endOfScheme(_ bytes: Bytes) -> Int? {
        for scheme in ["http://", "https://"] where bytes.count > scheme.utf8.count {
            if bytes.isEqual(0..<scheme.utf8.count, ignoringCaseOf: scheme) { return scheme.utf8.count }
        }
        return nil
    }

    /// Takes `/path?query` apart, of which both may be missing; nil when it has a byte that no target has.
    private static func split(_ bytes: Bytes, from start: Int) -> (path: String, query: String)? {
        var end = start
        // A dot behind a slash may begin a dot segment, and an escape may hide one.
        var isPlain = true
        var previous: UInt8 = 0
        while end < bytes.count {
            let byte = bytes[end]
            guard byte.isTargetCharacter else { return nil }
            if byte == ASCII.questionMark { break }
            if byte == ASCII.percent || byte == ASCII.dot && previous == ASCII.slash { isPlain = false }
            previous = byte
            end &+= 1
        }
        let path: String?
        if end == start {
            path = "/"
        } else {
            path = isPlain ? bytes[start..<end].string : decodedPath(bytes[start..<end])
        }
        guard let path else { return nil }
        guard end < bytes.count else { return (path, "") }
        for position in end &+ 1..<bytes.count where !bytes[position].isTargetCharacter { return nil }
        return (path, bytes.dropFirst(end + 1).string)
    }

    private static func decodedPath(_ encoded: Bytes) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(encoded.count)
        var position = 0
        while position < encoded.count {
            var byte = encoded[position]
            position += 1
            if byte == ASCII.percent {
                guard position + 2 <= encoded.count, let high = encoded[position].hexadecimalValue,
                    let low = encoded[position + 1].hexadecimalValue
                else { return nil }
                byte = high << 4 | low
                position += 2
                guard byte >= 0x20, byte != 0x7F else { return nil }
            }
            decoded.append(byte)
        }
        return String(validating: withoutDotSegments(decoded), as: UTF8.self)
    }

    /// Resolves `.` and `..` (RFC 3986, 5.2.4); `..` at the root stays at the root.
    private static func withoutDotSegments(_ path: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(path.count)
        // Every segment has the slash before it, so that `kept` is empty or starts with one.
        for segment in path.dropFirst().split(separator: ASCII.slash, omittingEmptySubsequences: false) {
            let isLast = segment.endIndex == path.endIndex
            if segment.elementsEqual([ASCII.dot]) {
                if isLast { kept.append(ASCII.slash) }
            } else if segment.elementsEqual([ASCII.dot, ASCII.dot]) {
                kept.removeSubrange((kept.lastIndex(of: ASCII.slash) ?? 0)...)
                if isLast { kept.append(ASCII.slash) }
            } else {
                kept.append(ASCII.slash)
                kept += segment
            }
        }
        return kept
    }
}

extension Bytes {
    /// Whether a range is a host with an optional port, without user information (RFC 9110, 7.2 and 4.2.4).
    func isAuthority(_ range: Range<Int>) -> Bool {
        var position = range.lowerBound
        if position < range.upperBound, self[position] == ASCII.openingBracket {
            while position < range.upperBound, self[position] != ASCII.closingBracket {
                guard self[position].isHostCharacter else { return false }
                position &+= 1
            }
            guard position < range.upperBound, position > range.lowerBound &+ 1 else { return false }
            position &+= 1
        } else {
            while position < range.upperBound, self[position] != ASCII.colon {
                guard self[position].isHostCharacter, self[position] != ASCII.openingBracket,
                    self[position] != ASCII.closingBracket
                else { return false }
                position &+= 1
            }
            guard position > range.lowerBound else { return false }
        }
        guard position < range.upperBound else { return true }
        guard self[position] == ASCII.colon, range.upperBound - position <= 6 else { return false }
        for digit in position &+ 1..<range.upperBound where !self[digit].isDigit { return false }
        return true
    }
}
