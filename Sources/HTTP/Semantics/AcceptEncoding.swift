/// How a body is compressed (RFC 9110, 8.4.1). The raw value is what `Content-Encoding` says.
public enum ContentCoding: String, Sendable, CaseIterable {
    case identity
    case gzip
    case br
    case zstd
}

/// Chooses a coding by `Accept-Encoding` (RFC 9110, 12.5.3), strictly: a coding that the client did not name, or named
/// with `q=0`, is never used, because players with a broken decoder say so this way.
public enum AcceptEncoding {
    /// Nobody sends more; what stands behind them is not read.
    private static let itemCountMax = 32

    /// - Parameters:
    ///   - value: All values of `Accept-Encoding` as one list, nil when there is none.
    ///   - offered: What the server has, best first; identity is always had.
    /// - Returns: The coding with the highest weight, the earliest offered among equals; `identity` when nothing fits.
    public static func choose(_ value: String?, offered: [ContentCoding]) -> ContentCoding {
        guard let value else { return .identity }
        var weights: [ContentCoding: Int] = [:]
        var others: Int?
        for item in value.utf8.split(separator: ASCII.comma, maxSplits: itemCountMax).prefix(itemCountMax) {
            let parts = item.split(separator: ASCII.semicolon, maxSplits: 1)
            guard let name = parts.first?.trimmingFieldSpace() else { continue }
            guard let weight = parts.count < 2 ? 1000 : thousandths(parts[1].trimmingFieldSpace()) else { continue }
            if name.elementsEqual([ASCII.asterisk]) {
                others = weight
            } else if let coding = coding(name) {
                weights[coding] = weight
            }
        }
        var best = ContentCoding.identity
        // Unnamed, identity is acceptable, but less than whatever was named (RFC 9110, 12.5.3).
        var bestWeight = weights[.identity] ?? others ?? 0
        for coding in offered.reversed() {
            let weight = weights[coding] ?? others ?? 0
            if weight > 0, weight >= bestWeight {
                best = coding
                bestWeight = weight
            }
        }
        return best
    }

    private static func coding(_ name: Substring.UTF8View) -> ContentCoding? {
        let text = Substring(name).lowercased()
        return text == "x-gzip" ? .gzip : ContentCoding(rawValue: text)
    }

    /// `q=0.5` as 500; nil when it is malformed.
    private static func thousandths(_ parameter: Substring.UTF8View) -> Int? {
        var text = parameter
        guard text.popFirst()?.lowercasedASCII == 0x71, text.popFirst() == ASCII.equals else { return nil }
        guard let whole = text.popFirst(), whole == 0x30 || whole == 0x31 else { return nil }
        var value = whole == 0x31 ? 1000 : 0
        guard let dot = text.popFirst() else { return value }
        guard dot == ASCII.dot, text.count <= 3 else { return nil }
        var place = 100
        for byte in text {
            guard byte.isDigit else { return nil }
            value += Int(byte - ASCII.zero) * place
            place /= 10
        }
        return value <= 1000 ? value : nil
    }
}
