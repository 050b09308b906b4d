public import Bytes

/// A JSON text as a value (RFC 8259).
public enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// As it is written: what fits which type is for the reader to say.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Reads a text that is one value, and nothing behind it.
    ///
    /// It is as strict as the grammar: no comma before a closing bracket, no comment, no leading zero. Beyond it, what
    /// programs read differently is refused, too: two members with the same name, and halves of surrogate pairs
    /// (RFC 8259, 4 and 8.2).
    ///
    /// - Parameter bytes: UTF-8. Whoever calls bounds its length.
    public init(reading bytes: Bytes) throws(JSONFailure) {
        var reader = JSONReader(bytes)
        self = try reader.readAll()
    }

    /// The text of a string.
    public var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The value of a number without a fraction, however it is written: `5`, `5.0` and `5e0` are the same.
    public var integer: Int? {
        guard case .number(let text) = self else { return nil }
        if let value = Int(text) { return value }
        // What a double holds exactly; beyond that, 5e30 would be some other number near it.
        guard let double = Double(text), double.magnitude <= 9_007_199_254_740_992 else { return nil }
        return Int(exactly: double)
    }

    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
}

/// The members of a JSON object, in their order; no name comes twice.
public struct JSONObject: Sendable, Equatable {
    public private(set) var names: [String] = []
    private var values: [String: JSONValue] = [:]

    /// A member's value; `nil` when there is no such member.
    public subscript(name: String) -> JSONValue? { values[name] }

    /// - Returns: Whether the name is new.
    mutating func append(_ name: String, _ value: JSONValue) -> Bool {
        guard values.updateValue(value, forKey: name) == nil else { return false }
        names.append(name)
        return true
    }
}

/// Why a text is no JSON, and where.
public struct JSONFailure: Error, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        /// Something else must stand here; ends the sentence "expected …".
        case expected(String)
        /// Two members of an object have this name.
        case repeatedMember(String)
        /// More arrays and objects inside each other than ``JSONValue/depthMax``.
        case tooDeep
        case notUTF8
    }

    public let reason: Reason
    /// From the start of the text, in bytes.
    public let offset: Int

    public var description: String {
        switch reason {
        case .expected(let what): "at byte \(offset) there must be \(what)"
        case .repeatedMember(let name): "the member '\(name.prefix(100))' is there twice (byte \(offset))"
        case .tooDeep: "at byte \(offset) it is nested deeper than \(JSONValue.depthMax) times"
        case .notUTF8: "the text at byte \(offset) is not UTF-8"
        }
    }
}

extension JSONValue {
    /// Arrays and objects inside each other.
    public static let depthMax = 32
}
