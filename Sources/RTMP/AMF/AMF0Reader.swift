public import Bytes

// AMF 0: each value is a marker byte and what belongs to it
//
//   number 00 | double (8)            object 03 | { name: length (2), UTF-8; value }* 00 00 09
//   boolean 01 | 1                    ECMA array 08 | count (4), then as an object
//   string 02 | length (2), UTF-8     strict array 0A | count (4), value*
//   null 05, undefined 06, unsupported 0D        date 0B | double (8), time zone (2)
//   reference 07 | index (2)          long string 0C, XML 0F | length (4), UTF-8
//   typed object 10 | class name, then as an object        11 | an AMF3 value

/// Reads AMF0 values one after the other.
///
/// Lenient where encoders are: the count of an ECMA array is ignored, and an object may lack its end marker at the end
/// of the bytes.
public struct AMF0Reader {
    private var reader: ByteReader
    private var budget = AMFBudget()
    /// What references count: objects and arrays in the order they began, `nil` while they are being read, with the
    /// number of values in them.
    private var complex: [(value: AMFValue, elements: Int)?] = []

    public init(_ bytes: Bytes) { reader = ByteReader(bytes) }

    public var isAtEnd: Bool { reader.isAtEnd }

    /// All values up to the end.
    public static func values(of bytes: Bytes) throws(AMFFailure) -> [AMFValue] {
        var reader = AMF0Reader(bytes)
        var values: [AMFValue] = []
        while !reader.isAtEnd { values.append(try reader.readValue()) }
        return values
    }

    /// The next value.
    public mutating func readValue() throws(AMFFailure) -> AMFValue {
        do {
            return try readAny()
        } catch let failure as AMFFailure {
            throw failure
        } catch {
            throw .truncated
        }
    }

    private mutating func readAny() throws -> AMFValue {
        try budget.spend(1)
        let marker = try reader.readUInt8()
        switch marker {
        case AMF0Marker.number: return .number(try readDouble())
        case AMF0Marker.boolean: return .boolean(try reader.readUInt8() != 0)
        case AMF0Marker.string: return .string(try readText())
        case AMF0Marker.object: return try readComplex { reader throws in .object(try reader.readMembers()) }
        case AMF0Marker.null: return .null
        case AMF0Marker.undefined: return .undefined
        case AMF0Marker.reference: return try resolve(Int(try reader.readUInt16()))
        case AMF0Marker.ecmaArray:
            return try readComplex { reader throws in
                try reader.reader.skip(4)
                return .ecmaArray(try reader.readMembers())
            }
        case AMF0Marker.strictArray:
            return try readComplex { reader throws in .strictArray(try reader.readElements()) }
        case AMF0Marker.date:
            let milliseconds = try readDouble()
            try reader.skip(2)
            return .date(milliseconds)
        case AMF0Marker.longString: return .string(try readLongText())
        case AMF0Marker.unsupported: return .unsupported
        case AMF0Marker.xmlDocument: return .xml(try readLongText())
        case AMF0Marker.typedObject:
            return try readComplex { reader throws in
                .typedObject(className: try reader.readText(), try reader.readMembers())
            }
        case AMF0Marker.switchToAMF3:
            var inner = AMF3Reader(reader.rest, budget: budget)
            let value = try inner.readValue()
            try reader.skip(inner.position)
            budget = inner.budget
            return value
        default: throw AMFFailure.unknownMarker(marker)
        }
    }

    private mutating func readDouble() throws -> Double { Double(bitPattern: try reader.readUInt64()) }

    private mutating func readText() throws -> String { try reader.readBytes(Int(try reader.readUInt16())).string }

    private mutating func readLongText() throws -> String { try reader.readBytes(Int(try reader.readUInt32())).string }

    private mutating func readComplex(_ body: (inout AMF0Reader) throws -> AMFValue) throws -> AMFValue {
        try budget.enter()
        let index = complex.count
        let before = budget.elements
        complex.append(nil)
        let value = try body(&self)
        complex[index] = (value, budget.elements - before + 1)
        budget.leave()
        return value
    }

    private mutating func resolve(_ index: Int) throws -> AMFValue {
        // A value that contains itself would have no end: it is refused like one that is not there.
        guard index < complex.count, let (value, elements) = complex[index] else {
            throw AMFFailure.danglingReference(index)
        }
        try budget.spend(elements)
        return value
    }

    private mutating func readMembers() throws -> AMFObject {
        var members: [AMFObject.Member] = []
        while !reader.isAtEnd {
            let name = try readText()
            // Behind an empty name stands the end marker; some leave it out at the very end.
            if name.isEmpty {
                guard !reader.isAtEnd else { break }
                if reader.rest[0] == AMF0Marker.objectEnd {
                    try reader.skip(1)
                    break
                }
            }
            members.append(AMFObject.Member(name: name, value: try readAny()))
        }
        return AMFObject(members: members)
    }

    private mutating func readElements() throws -> [AMFValue] {
        let count = try reader.readUInt32()
        var values: [AMFValue] = []
        for _ in 0..<count { values.append(try readAny()) }
        return values
    }
}
