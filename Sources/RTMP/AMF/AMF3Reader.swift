public import Bytes

// AMF 3: a marker byte, then the value; integers have 1 to 4 bytes of 7, 7, 7 and 8 bits (U29), of which the highest
// of each of the first three says that another follows.
//
// Texts, objects and classes that were met before are written as a reference: a U29 whose lowest bit is 0.

/// Reads AMF3 values one after the other, with the reference tables of one message.
///
/// Vectors, dictionaries and classes that serialise themselves are refused: nothing in a publishing session needs them.
public struct AMF3Reader {
    private struct Traits {
        var className: String
        var isDynamic: Bool
        var names: [String]
    }

    private var reader: ByteReader
    private(set) var budget: AMFBudget
    private var texts: [String] = []
    private var objects: [(value: AMFValue, elements: Int)?] = []
    private var traits: [Traits] = []

    public init(_ bytes: Bytes) { self.init(bytes, budget: AMFBudget()) }

    init(_ bytes: Bytes, budget: AMFBudget) {
        reader = ByteReader(bytes)
        self.budget = budget
    }

    /// How many bytes were read.
    public var position: Int { reader.position }

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
        case 0x00: return .undefined
        case 0x01: return .null
        case 0x02: return .boolean(false)
        case 0x03: return .boolean(true)
        case 0x04:
            // Twenty-nine bits, signed.
            let value = Int(try readU29())
            return .number(Double(value < 1 << 28 ? value : value - 1 << 29))
        case 0x05: return .number(Double(bitPattern: try reader.readUInt64()))
        case 0x06: return .string(try readText())
        case 0x07, 0x0B: return try readReferable { reader, length throws in .xml(try reader.take(length).string) }
        case 0x08:
            return try readReferable { reader, _ throws in
                .date(Double(bitPattern: try reader.reader.readUInt64()))
            }
        case 0x09: return try readReferable { reader, count throws in try reader.readArray(count) }
        case 0x0A: return try readReferable { reader, header throws in try reader.readObject(header) }
        case 0x0C: return try readReferable { reader, length throws in .bytes(try reader.take(length)) }
        default: throw AMFFailure.unknownMarker(marker)
        }
    }

    private mutating func readU29() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<3 {
            let byte = try reader.readUInt8()
            value = value << 7 | UInt32(byte & 0x7F)
            if byte < 0x80 { return value }
        }
        return value << 8 | UInt32(try reader.readUInt8())
    }

    private mutating func take(_ length: Int) throws -> Bytes { try reader.readBytes(length) }

    private mutating func readText() throws -> String {
        let header = Int(try readU29())
        guard header & 1 == 1 else {
            guard header >> 1 < texts.count else { throw AMFFailure.danglingReference(header >> 1) }
            return texts[header >> 1]
        }
        let text = try reader.readBytes(header >> 1).string
        if !text.isEmpty { texts.append(text) }
        return text
    }

    /// A value that references count: `body` gets what its header says besides.
    private mutating func readReferable(_ body: (inout AMF3Reader, Int) throws -> AMFValue) throws -> AMFValue {
        let header = Int(try readU29())
        guard header & 1 == 1 else {
            // A value that contains itself would have no end: it is refused like one that is not there.
            guard header >> 1 < objects.count, let (value, elements) = objects[header >> 1] else {
                throw AMFFailure.danglingReference(header >> 1)
            }
            try budget.spend(elements)
            return value
        }
        try budget.enter()
        let index = objects.count
        let before = budget.elements
        objects.append(nil)
        let value = try body(&self, header >> 1)
        objects[index] = (value, budget.elements - before + 1)
        budget.leave()
        return value
    }

    /// Named elements up to an empty name, then `count` others. One with names becomes an ECMA array.
    private mutating func readArray(_ count: Int) throws -> AMFValue {
        var members = try readDynamicMembers()
        guard !members.isEmpty else {
            var values: [AMFValue] = []
            for _ in 0..<count { values.append(try readAny()) }
            return .strictArray(values)
        }
        for index in 0..<count { members.append(AMFObject.Member(name: String(index), value: try readAny())) }
        return .ecmaArray(AMFObject(members: members))
    }

    private mutating func readDynamicMembers() throws -> [AMFObject.Member] {
        var members: [AMFObject.Member] = []
        while true {
            let name = try readText()
            if name.isEmpty { return members }
            members.append(AMFObject.Member(name: name, value: try readAny()))
        }
    }

    /// - Parameter header: From the lowest bit: traits follow; they are of a class that serialises itself; the class
    ///   is dynamic; the number of sealed members. With the first bit clear the rest is a reference to traits.
    private mutating func readObject(_ header: Int) throws -> AMFValue {
        let shape = try readTraits(header)
        var members: [AMFObject.Member] = []
        for name in shape.names { members.append(AMFObject.Member(name: name, value: try readAny())) }
        if shape.isDynamic { members += try readDynamicMembers() }
        let object = AMFObject(members: members)
        return shape.className.isEmpty ? .object(object) : .typedObject(className: shape.className, object)
    }

    private mutating func readTraits(_ header: Int) throws -> Traits {
        guard header & 1 == 1 else {
            guard header >> 1 < traits.count else { throw AMFFailure.danglingReference(header >> 1) }
            let known = traits[header >> 1]
            try budget.spend(known.names.count)
            return known
        }
        guard header & 2 == 0 else { throw AMFFailure.unknownMarker(0x0A) }
        let className = try readText()
        var names: [String] = []
        for _ in 0..<header >> 3 {
            try budget.spend(1)
            names.append(try readText())
        }
        let new = Traits(className: className, isDynamic: header & 4 != 0, names: names)
        traits.append(new)
        return new
    }
}
