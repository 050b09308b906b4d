import Bytes

/// Reads a JSON object (RFC 8259) whose members are plain values: no object or list within it.
enum FlatJSON {
    enum Value: Equatable {
        case text(String)
        case number(Double)
        case flag(Bool)
        case null
    }

    /// The members in order; `nil` when the bytes are no such object, or have more members.
    static func members(of bytes: Bytes, countMax: Int) -> [(name: String, value: Value)]? {
        var reader = Reader(bytes: bytes)
        return reader.object(countMax: countMax)
    }

    private struct Reader {
        let bytes: Bytes
        var position = 0

        mutating func object(countMax: Int) -> [(name: String, value: Value)]? {
            guard take("{") else { return nil }
            var members: [(name: String, value: Value)] = []
            if take("}") { return isAtEnd ? members : nil }
            repeat {
                guard members.count < countMax, let name = string(), take(":"), let value = value() else { return nil }
                members.append((name, value))
            } while take(",")
            return take("}") && isAtEnd ? members : nil
        }

        private var isAtEnd: Bool {
            mutating get {
                skipSpace()
                return position == bytes.count
            }
        }

        private mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        }

        /// Takes a sign, with the space before it.
        private mutating func take(_ sign: Unicode.Scalar) -> Bool {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: sign) else { return false }
            position += 1
            return true
        }

        private mutating func value() -> Value? {
            skipSpace()
            guard position < bytes.count else { return nil }
            switch bytes[position] {
            case UInt8(ascii: "\""): return string().map { .text($0) }
            case UInt8(ascii: "t"): return word("true", .flag(true))
            case UInt8(ascii: "f"): return word("false", .flag(false))
            case UInt8(ascii: "n"): return word("null", .null)
            default: return number()
            }
        }

        private mutating func word(_ word: String, _ value: Value) -> Value? {
            let end = position + word.utf8.count
            guard end <= bytes.count, bytes[position..<end] == Bytes(utf8: word) else { return nil }
            position = end
            return value
        }

        private mutating func number() -> Value? {
            let start = position
            while position < bytes.count, "0123456789+-.eE".utf8.contains(bytes[position]) { position += 1 }
            // What the language reads and JSON does not have are only signs and points at the ends.
            let text = bytes[start..<position].string
            guard 1...32 ~= text.utf8.count, text.first != "+", text.first != ".", text.last != ".",
                let number = Double(text), number.isFinite
            else { return nil }
            return .number(number)
        }

        /// A text without escapes beyond those of a single sign: names of ours need no others.
        private mutating func string() -> String? {
            guard take("\"") else { return nil }
            var text: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
                case 0..<0x20: return nil
                case UInt8(ascii: "\\"):
                    guard let escaped = escape() else { return nil }
                    text += escaped
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> [UInt8]? {
            guard position < bytes.count else { return nil }
            defer { position += 1 }
            switch bytes[position] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [bytes[position]]
            case UInt8(ascii: "b"): return [0x08]
            case UInt8(ascii: "f"): return [0x0C]
            case UInt8(ascii: "n"): return [0x0A]
            case UInt8(ascii: "r"): return [0x0D]
            case UInt8(ascii: "t"): return [0x09]
            case UInt8(ascii: "u"):
                guard position + 4 < bytes.count,
                    let code = UInt32(bytes[position + 1..<position + 5].string, radix: 16),
                    let scalar = Unicode.Scalar(code)
                else { return nil }
                position += 4
                return Array(String(Character(scalar)).utf8)
            default: return nil
            }
        }
    }
}
