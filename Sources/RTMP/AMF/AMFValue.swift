public import Bytes

/// A value of the Action Message Format, in either version.
public enum AMFValue: Sendable, Equatable {
    case number(Double)
    case boolean(Bool)
    case string(String)
    case object(AMFObject)
    case null
    case undefined
    /// An array with names; its announced length is not kept, because it is often wrong.
    case ecmaArray(AMFObject)
    case strictArray([AMFValue])
    /// Milliseconds since the Unix epoch.
    case date(Double)
    /// A value that the sender could not represent.
    case unsupported
    case xml(String)
    case typedObject(className: String, AMFObject)
    /// AMF3 only.
    case bytes(Bytes)

    /// The members of an object or an array with names.
    public var members: AMFObject? {
        switch self {
        case .object(let members), .ecmaArray(let members), .typedObject(_, let members): members
        case .number, .boolean, .string, .null, .undefined, .strictArray, .date, .unsupported, .xml, .bytes: nil
        }
    }

    /// The text, when it is one.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number, when it is one.
    public var number: Double? {
        if case .number(let number) = self { number } else { nil }
    }
}

/// Named values in the order they were written; names may repeat, and the first counts.
public struct AMFObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One member.
    public struct Member: Sendable, Equatable {
        public var name: String
        public var value: AMFValue
    }

    public var members: [Member]

    public init(members: [Member] = []) { self.members = members }

    public init(dictionaryLiteral elements: (String, AMFValue)...) {
        members = elements.map { Member(name: $0.0, value: $0.1) }
    }

    /// The value of a name, or `nil`.
    public subscript(name: String) -> AMFValue? { members.first { $0.name == name }?.value }
}

/// Why bytes are no Action Message Format value.
public enum AMFFailure: Error, Equatable, Sendable {
    /// The bytes end within a value.
    case truncated
    /// A marker that no value may have, or one that stands for a type nobody implements (movie clip, record set).
    case unknownMarker(UInt8)
    /// Values nest deeper than `RTMPLimits.amfDepthMax`.
    case tooDeep(limit: Int)
    /// There are more values than `RTMPLimits.amfElementsMax`.
    case tooManyElements(limit: Int)
    /// A reference to something that was not there before.
    case danglingReference(Int)
}
