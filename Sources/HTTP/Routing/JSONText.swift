public import Bytes

/// Writes JSON texts (RFC 8259).
public enum JSONText {
    /// An object whose members are strings, in the order of the list.
    public static func object(_ members: KeyValuePairs<String, String>) -> Bytes {
        var writer = JSONObjectWriter()
        for (name, value) in members { writer.member(name, value) }
        return writer.finish()
    }
}

/// Writes the few JSON objects that this module makes (RFC 8259); values are escaped, names are from code.
struct JSONObjectWriter: ~Copyable {
    private var text = ByteWriter(capacity: 256)
    private var isFirst = true

    init() {
        text.write(utf8: "{")
    }

    mutating func member(_ name: String, _ value: String) {
        begin(name)
        text.writeJSON(string: value)
    }

    mutating func member(_ name: String, _ value: Int) {
        begin(name)
        text.write(utf8: String(value))
    }

    private mutating func begin(_ name: String) {
        text.write(utf8: isFirst ? "" : ",")
        isFirst = false
        text.writeJSON(string: name)
        text.write(utf8: ":")
    }

    consuming func finish() -> Bytes {
        text.write(utf8: "}")
        return text.finish()
    }
}

extension ByteWriter {
    /// A string in quotes. `<`, `>` and `&` are escaped too, so that the text is harmless inside HTML.
    mutating func writeJSON(string: String) {
        write(ASCII.quote)
        for byte in string.utf8 {
            switch byte {
            case ASCII.quote, ASCII.backslash:
                write(ASCII.backslash)
                write(byte)
            case 0..<0x20, 0x7F, ASCII.ampersand, 0x3C, 0x3E:
                write(utf8: "\\u00")
                write(utf8: byte < 16 ? "0" : "")
                write(utf8: String(byte, radix: 16))
            default:
                write(byte)
            }
        }
        write(ASCII.quote)
    }
}
