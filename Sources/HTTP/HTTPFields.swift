internal import Bytes

/// The fields of a header, in order, with names that do not depend on case (RFC 9110, 5).
///
/// Fields of a received request stay where the network put them: a field is two ranges into the bytes of the head, and
/// becomes a `String` only when somebody asks for it. Fields added by code are kept as strings, names in lower case,
/// as HTTP/2 wants them. Received fields come before added ones.
///
/// A value can carry no CR, LF, NUL or other control character, whoever made it: a response cannot be split.
public struct HTTPFields: Sendable {
    /// One field. The name is in lower case.
    public struct Field: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    /// Where a received field lies in `head`.
    struct Line: Sendable {
        var nameStart: UInt32
        var nameEnd: UInt32
        var valueStart: UInt32
        var valueEnd: UInt32

        @inline(__always) var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        @inline(__always) var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    private(set) var head: Bytes
    private(set) var lines: [Line]
    private(set) var added: [Field]

    /// Whether `head` is made of the lines as they are sent, one behind the other and nothing else; see ``rendered()``.
    private var isRendered = false

    /// The same fields, with their lines ready to be sent: whatever is shared by many responses is rendered once.
    func rendered() -> HTTPFields {
        var writer = ByteWriter(capacity: 256)
        var lines: [Line] = []
        for field in self where !HTTP1ResponseHead.isOwnedByServer(field.name) {
            let name = UInt32(writer.count)
            writer.write(utf8: field.name)
            let nameEnd = UInt32(writer.count)
            writer.write(utf8: ": ")
            let value = UInt32(writer.count)
            writer.write(utf8: field.value)
            lines.append(Line(nameStart: name, nameEnd: nameEnd, valueStart: value, valueEnd: UInt32(writer.count)))
            writer.write(utf8: "\r\n")
        }
        var fields = HTTPFields(head: writer.finish(), lines: lines)
        fields.isRendered = true
        return fields
    }

    /// Writes the lines as they are sent, without those that the server itself decides.
    func write(to writer: inout ByteWriter) {
        if isRendered {
            writer.write(head)
        } else {
            for index in lines.indices { Self.write(field(at: index), to: &writer) }
        }
        for index in added.indices { Self.write(added[index], to: &writer) }
    }

    private static func write(_ field: Field, to writer: inout ByteWriter) {
        guard !HTTP1ResponseHead.isOwnedByServer(field.name) else { return }
        writer.write(utf8: field.name)
        writer.write(utf8: ": ")
        writer.write(utf8: field.value)
        writer.write(utf8: "\r\n")
    }

    public init() {
        self.init(head: Bytes(), lines: [])
    }

    /// Fields that a parser found: `lines` are valid names and values within `head`.
    init(head: Bytes, lines: [Line]) {
        self.head = head
        self.lines = lines
        added = []
    }

    /// How many fields there are; a name that occurs twice counts twice.
    public var count: Int { lines.count + added.count }

    public var isEmpty: Bool { lines.isEmpty && added.isEmpty }

    /// The value of the first field of that name, without the spaces around it.
    public subscript(name: String) -> String? {
        let text = name.utf8Span.span
        for line in lines where head.isEqual(line.name, ignoringCaseOf: text) { return head[line.value].string }
        for field in added where field.name.isEqual(ignoringCaseOf: text) { return field.value }
        return nil
    }

    /// Whether a field of that name is there.
    public func contains(_ name: String) -> Bool {
        let text = name.utf8Span.span
        for line in lines where head.isEqual(line.name, ignoringCaseOf: text) { return true }
        for field in added where field.name.isEqual(ignoringCaseOf: text) { return true }
        return false
    }

    /// The values of all fields of that name, in order.
    public func all(_ name: String) -> [String] {
        let text = name.utf8Span.span
        var values: [String] = []
        for line in lines where head.isEqual(line.name, ignoringCaseOf: text) { values.append(head[line.value].string) }
        for field in added where field.name.isEqual(ignoringCaseOf: text) { values.append(field.value) }
        return values
    }

    /// All values of a field that is a list, as one list (RFC 9110, 5.3); nil when there is none.
    public func list(_ name: String) -> String? {
        let values = all(name)
        return values.count <= 1 ? values.first : values.joined(separator: ", ")
    }

    /// Adds a field behind the others.
    ///
    /// - Parameters:
    ///   - name: A token (RFC 9110, 5.6.2); it comes from code, never from a peer.
    ///   - value: Control characters in it become spaces (RFC 9110, 5.5).
    public mutating func append(_ name: String, _ value: String) {
        added.append(Field(name, value))
    }

    /// Adds a field that was made before, behind the others.
    public mutating func append(_ field: Field) { added.append(field) }

    /// Makes this the only field of that name; it moves behind the others.
    public mutating func set(_ name: String, _ value: String) {
        remove(name)
        append(name, value)
    }

    /// Takes all fields of that name away.
    public mutating func remove(_ name: String) {
        let text = name.utf8Span.span
        for index in lines.indices.reversed() where head.isEqual(lines[index].name, ignoringCaseOf: text) {
            lines.remove(at: index)
            isRendered = false
        }
        for index in added.indices.reversed() where added[index].name.isEqual(ignoringCaseOf: text) {
            added.remove(at: index)
        }
    }
}

extension HTTPFields.Field {
    /// Makes a field that can be sent; what is used in many responses is made once.
    ///
    /// - Parameters:
    ///   - name: A token (RFC 9110, 5.6.2); it comes from code, never from a peer.
    ///   - value: Control characters in it become spaces (RFC 9110, 5.5).
    public init(_ name: String, _ value: String) {
        self.init(name: Self.lowercased(name), value: Self.harmless(value))
    }

    private static func lowercased(_ name: String) -> String {
        precondition(
            !name.isEmpty && name.hasOnlyBytes { $0.isTokenCharacter }, "the name of a field is a token")
        return name.hasOnlyBytes { $0 == $0.lowercasedASCII } ? name : name.lowercased()
    }

    private static func harmless(_ value: String) -> String {
        if value.hasOnlyBytes({ $0.isFieldValueCharacter }) { return value }
        return String(decoding: value.utf8.map { $0.isFieldValueCharacter ? $0 : ASCII.space }, as: UTF8.self)
    }
}

extension HTTPFields: Sequence {
    /// Walks the fields in order.
    public struct Iterator: IteratorProtocol {
        private let fields: HTTPFields
        private var position = 0

        init(_ fields: HTTPFields) { self.fields = fields }

        public mutating func next() -> Field? {
            guard position < fields.count else { return nil }
            defer { position += 1 }
            return fields.field(at: position)
        }
    }

    public func makeIterator() -> Iterator { Iterator(self) }
    public var underestimatedCount: Int { count }

    private func field(at position: Int) -> Field {
        guard position < lines.count else { return added[position - lines.count] }
        let line = lines[position]
        return Field(name: head[line.name].string.lowercased(), value: head[line.value].string)
    }
}

extension HTTPFields: Equatable {
    /// Whether both have the same fields in the same order.
    public static func == (left: HTTPFields, right: HTTPFields) -> Bool { left.elementsEqual(right) }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
    /// Names and values as ``append(_:_:)`` takes them; a name may occur twice.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { append(name, value) }
    }
}

extension HTTPFields: CustomStringConvertible {
    /// The names only: values may be credentials.
    public var description: String { map(\.name).joined(separator: ", ") }
}

extension Bytes {
    /// Whether the bytes in a range are those of an ASCII text, capital and small letters being the same.
    @inline(__always) func isEqual(_ range: Range<Int>, ignoringCaseOf text: borrowing Span<UInt8>) -> Bool {
        guard range.count == text.count else { return false }
        for index in text.indices
        where self[range.lowerBound &+ index].lowercasedASCII != text[index].lowercasedASCII { return false }
        return true
    }

    @inline(__always) func isEqual(_ range: Range<Int>, ignoringCaseOf text: String) -> Bool {
        isEqual(range, ignoringCaseOf: text.utf8Span.span)
    }
}

extension String {
    /// Whether this is the same ASCII text, capital and small letters being the same.
    @inline(__always) fileprivate func isEqual(ignoringCaseOf text: borrowing Span<UInt8>) -> Bool {
        guard utf8.count == text.count else { return false }
        let bytes = utf8Span.span
        for index in bytes.indices where bytes[index].lowercasedASCII != text[index].lowercasedASCII { return false }
        return true
    }

    /// Whether every byte of the UTF-8 form passes a test.
    @inline(__always) fileprivate func hasOnlyBytes(_ isLegal: (UInt8) -> Bool) -> Bool {
        let bytes = utf8Span.span
        for index in bytes.indices where !isLegal(bytes[index]) { return false }
        return true
    }
}
