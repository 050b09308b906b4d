internal import Bytes

// value   = null / false / true / number / string / array / object           (RFC 8259, 2 to 7)
// number  = [ "-" ] ( "0" / 1-9 *DIGIT ) [ "." 1*DIGIT ] [ ("e" / "E") [ "+" / "-" ] 1*DIGIT ]
// string  = quote *( unescaped / "\" ( quote / "\" / "/" / b / f / n / r / t / "u" 4HEXDIG ) ) quote
// array   = "[" [ value *( "," value ) ] "]"
// object  = "{" [ string ":" value *( "," string ":" value ) ] "}"
// Space, tab, line feed and carriage return may stand between tokens.

/// Reads one JSON text from its beginning to its end.
struct JSONReader {
    private let bytes: Bytes
    private var offset = 0
    private var depth = 0

    init(_ bytes: Bytes) { self.bytes = bytes }

    mutating func readAll() throws(JSONFailure) -> JSONValue {
        let value = try readValue()
        skipSpace()
        guard offset == bytes.count else { throw failure(.expected("the end")) }
        return value
    }

    private mutating func readValue() throws(JSONFailure) -> JSONValue {
        skipSpace()
        switch next {
        case ASCII.quote: return .string(try readString())
        case ASCII.openingBracket: return try nested { reader throws(JSONFailure) in try reader.readArray() }
        case ASCII.openingBrace: return try nested { reader throws(JSONFailure) in try reader.readObject() }
        case ASCII.hyphen?, (0x30...0x39)?: return try readNumber()
        default:
            for (word, value) in [("true", JSONValue.boolean(true)), ("false", .boolean(false)), ("null", .null)]
            where take(word) { return value }
            throw failure(.expected("a value"))
        }
    }

    private mutating func nested(
        _ read: (inout JSONReader) throws(JSONFailure) -> JSONValue
    ) throws(JSONFailure) -> JSONValue {
        guard depth < JSONValue.depthMax else { throw failure(.tooDeep) }
        depth += 1
        defer { depth -= 1 }
        return try read(&self)
    }

    private mutating func readArray() throws(JSONFailure) -> JSONValue {
        offset += 1
        var values: [JSONValue] = []
        skipSpace()
        if take(ASCII.closingBracket) { return .array(values) }
        while true {
            values.append(try readValue())
            skipSpace()
            if take(ASCII.closingBracket) { return .array(values) }
            guard take(ASCII.comma) else { throw failure(.expected("a comma or ]")) }
        }
    }

    private mutating func readObject() throws(JSONFailure) -> JSONValue {
        offset += 1
        var object = JSONObject()
        skipSpace()
        if take(ASCII.closingBrace) { return .object(object) }
        while true {
            skipSpace()
            let start = offset
            guard next == ASCII.quote else { throw failure(.expected("a member's name in quotes")) }
            let name = try readString()
            skipSpace()
            guard take(ASCII.colon) else { throw failure(.expected("a colon")) }
            guard object.append(name, try readValue()) else {
                throw JSONFailure(reason: .repeatedMember(name), offset: start)
            }
            skipSpace()
            if take(ASCII.closingBrace) { return .object(object) }
            guard take(ASCII.comma) else { throw failure(.expected("a comma or }")) }
        }
    }

    private mutating func readNumber() throws(JSONFailure) -> JSONValue {
        let start = offset
        _ = take(ASCII.hyphen)
        if !take(ASCII.zero) { try readDigits() }
        if take(ASCII.dot) { try readDigits() }
        if take(ASCII.smallE) || take(ASCII.capitalE) {
            if !take(ASCII.plus) { _ = take(ASCII.hyphen) }
            try readDigits()
        }
        return .number(String(decoding: bytes[start..<offset].array, as: UTF8.self))
    }

    private mutating func readDigits() throws(JSONFailure) {
        guard next?.isDigit == true else { throw failure(.expected("a digit")) }
        while next?.isDigit == true { offset += 1 }
    }

    // MARK: - Strings

    private mutating func readString() throws(JSONFailure) -> String {
        let start = offset
        offset += 1
        var text: [UInt8] = []
        while true {
            guard let byte = next else { throw failure(.expected("the end of a string")) }
            offset += 1
            switch byte {
            case ASCII.quote:
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw JSONFailure(reason: .notUTF8, offset: start)
                }
                return string
            case ASCII.backslash: text += try readEscape()
            case 0..<0x20:
                offset -= 1
                throw failure(.expected("an escape for a control character"))
            default: text.append(byte)
            }
        }
    }

    /// What stands behind a backslash, in UTF-8.
    private mutating func readEscape() throws(JSONFailure) -> [UInt8] {
        guard let byte = next else { throw failure(.expected("the end of a string")) }
        offset += 1
        switch byte {
        case ASCII.quote, ASCII.backslash, ASCII.slash: return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [ASCII.lineFeed]
        case UInt8(ascii: "r"): return [ASCII.carriageReturn]
        case UInt8(ascii: "t"): return [ASCII.tab]
        case UInt8(ascii: "u"): return Array(String(try readScalar()).utf8)
        default:
            offset -= 1
            throw failure(.expected("an escape that means something"))
        }
    }

    /// What stands behind `\u`: one unit of UTF-16, or two that belong together.
    private mutating func readScalar() throws(JSONFailure) -> Unicode.Scalar {
        let start = offset
        let first = try readHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        if 0xD800...0xDBFF ~= first, take(ASCII.backslash), take(UInt8(ascii: "u")) {
            let second = try readHexadecimal()
            if 0xDC00...0xDFFF ~= second {
                let value = 0x1_0000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
                if let scalar = Unicode.Scalar(value) { return scalar }
            }
        }
        throw JSONFailure(reason: .expected("a whole surrogate pair"), offset: start)
    }

    private mutating func readHexadecimal() throws(JSONFailure) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = next?.hexadecimalValue else { throw failure(.expected("four hexadecimal digits")) }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }

    // MARK: - Bytes

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes.count - offset >= word.utf8.count,
            zip(word.utf8, offset...).allSatisfy({ $0 == bytes[$1] })
        else { return false }
        offset += word.utf8.count
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == ASCII.space || 0x09...0x0A ~= byte || byte == ASCII.carriageReturn {
            offset += 1
        }
    }

    private func failure(_ reason: JSONFailure.Reason) -> JSONFailure { JSONFailure(reason: reason, offset: offset) }
}

extension ASCII {
    fileprivate static var capitalE: UInt8 { 0x45 }
    fileprivate static var smallE: UInt8 { 0x65 }
    fileprivate static var openingBrace: UInt8 { 0x7B }
    fileprivate static var closingBrace: UInt8 { 0x7D }
}
