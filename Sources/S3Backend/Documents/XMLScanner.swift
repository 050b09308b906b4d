import Bytes

/// Splits a document into the beginnings and ends of elements, and text.
struct XMLScanner {
    enum Token: Equatable {
        case open(String)
        case close(String)
        /// Not blank, entities resolved.
        case text(String)
    }

    /// The longest name of an element, in bytes.
    static let nameBytesMax = 64

    private let document: Bytes
    private(set) var position = 0
    /// An element that ends where it began.
    private var pendingClose: String?

    init(_ document: Bytes) { self.document = document }

    /// - Returns: `nil` at the end.
    mutating func next() throws(XMLFailure) -> Token? {
        if let name = pendingClose {
            pendingClose = nil
            return .close(name)
        }
        while position < document.count {
            if document[position] != UInt8(ascii: "<") {
                if let text = try text() { return .text(text) }
            } else if follows("<?") {
                try skip(until: "?>")
            } else if follows("<!--") {
                try skip(until: "-->")
            } else if follows("<!") {
                throw .unsupported(position: position)
            } else {
                return try tag()
            }
        }
        return nil
    }

    /// - Returns: `nil` when it is blank, as between elements.
    private mutating func text() throws(XMLFailure) -> String? {
        let end = document.firstIndex(of: UInt8(ascii: "<"), from: position) ?? document.count
        let raw = document[position..<end]
        let start = position
        position = end
        guard raw.contains(where: { !Self.isBlank($0) }) else { return nil }
        guard raw.firstIndex(of: UInt8(ascii: "&")) != nil else { return raw.string }
        var resolved = ""
        var rest = raw.string[...]
        while let mark = rest.firstIndex(of: "&") {
            resolved += rest[..<mark]
            guard let semicolon = rest[mark...].firstIndex(of: ";"),
                let character = Self.entity(rest[mark..<semicolon].dropFirst())
            else { throw .malformed(position: start) }
            resolved.unicodeScalars.append(character)
            rest = rest[semicolon...].dropFirst()
        }
        return resolved + rest
    }

    private static func entity(_ name: Substring) -> Unicode.Scalar? {
        switch name {
        case "lt": "<"
        case "gt": ">"
        case "amp": "&"
        case "quot": "\""
        case "apos": "'"
        default:
            if name.hasPrefix("#x") {
                UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
            } else if name.hasPrefix("#") {
                UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
            } else {
                nil
            }
        }
    }

    private mutating func tag() throws(XMLFailure) -> Token {
        let start = position
        guard let end = tagEnd() else { throw .truncated }
        position = end + 1
        let isClosing = start + 1 < end && document[start + 1] == UInt8(ascii: "/")
        let isEmpty = !isClosing && document[end - 1] == UInt8(ascii: "/")
        let inner = document[min(start + (isClosing ? 2 : 1), end)..<max(end - (isEmpty ? 1 : 0), start + 1)]
        let length = (0..<inner.count).first { Self.isBlank(inner[$0]) } ?? inner.count
        let name = inner.prefix(length)
        guard 1...Self.nameBytesMax ~= length, name.allSatisfy(Self.isNameByte) else {
            throw .malformed(position: start)
        }
        if isEmpty { pendingClose = name.string }
        return isClosing ? .close(name.string) : .open(name.string)
    }

    /// The position of the `>` of the tag that begins here: one in an attribute's value is none.
    private func tagEnd() -> Int? {
        var quote: UInt8?
        for index in position..<document.count {
            let byte = document[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return index
            }
        }
        return nil
    }

    private func follows(_ text: StaticString) -> Bool { starts(text.description, at: position) }

    private func starts(_ text: String, at position: Int) -> Bool {
        document.dropFirst(position).prefix(text.utf8.count).elementsEqual(text.utf8)
    }

    private mutating func skip(until end: String) throws(XMLFailure) {
        for index in position..<document.count where starts(end, at: index) {
            position = index + end.utf8.count
            return
        }
        throw .truncated
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.:".utf8.contains(byte)
        }
    }
}
