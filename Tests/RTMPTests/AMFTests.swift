import Bytes
import Testing

@testable import RTMP

@Suite struct AMFTests {
    static func value(_ hex: String) throws -> AMFValue {
        var reader = AMF0Reader(Bytes(hex: hex))
        let value = try reader.readValue()
        #expect(reader.isAtEnd)
        return value
    }

    @Test(arguments: [
        ("00 3FF0000000000000", AMFValue.number(1)), ("01 01", .boolean(true)), ("02 0003 616263", .string("abc")),
        ("03 0001 61 05 0000 09", .object(["a": .null])), ("05", .null), ("06", .undefined),
        ("08 00000063 0001 61 05 0000 09", .ecmaArray(["a": .null])),
        ("0A 00000002 05 06", .strictArray([.null, .undefined])), ("0B 3FF0000000000000 0000", .date(1)),
        ("0C 00000003 616263", .string("abc")), ("0D", .unsupported), ("0F 00000003 3C613E", .xml("<a>")),
        ("10 0001 43 0001 61 05 0000 09", .typedObject(className: "C", ["a": .null])),
        ("11 04 05", .number(5)),
    ])
    func `every type of AMF0 reads`(hex: String, expected: AMFValue) throws {
        #expect(try Self.value(hex) == expected)
    }

    @Test(arguments: [
        "00", "00 3FF00000000000", "01", "02 00", "02 0003 6162", "03 0001", "03 0001 61", "03 0001 61 02", "07 00",
        "08 0000", "0A 0000", "0A 00000002 05", "0B 3FF0000000000000 00", "0C 00000004 616263", "0F 0000", "10 0001",
        "11", "11 04", "11 05 3FF0", "11 06 07 61",
    ])
    func `a value that ends early is truncated`(hex: String) {
        #expect(throws: AMFFailure.truncated) { try Self.value(hex) }
    }

    @Test(
        arguments: [
            ("04", 0x04), ("0E", 0x0E), ("09", 0x09), ("12", 0x12), ("FF", 0xFF), ("11 10", 0x10), ("11 0D 03", 0x0D),
            ("11 0A 07 03 61", 0x0A),
        ] as [(String, UInt8)])
    func `movie clips, record sets, vectors and classes that serialise themselves are refused`(
        hex: String, marker: UInt8
    ) {
        #expect(throws: AMFFailure.unknownMarker(marker)) { try Self.value(hex) }
    }

    @Test(arguments: [
        "08 00000000 0001 61 00 4024000000000000", "08 00000000 0001 61 00 4024000000000000 0000",
        "08 FFFFFFFF 0001 61 00 4024000000000000 0000 09",
    ])
    func `an ECMA array's count is ignored and its end may be missing`(hex: String) throws {
        #expect(try Self.value(hex) == .ecmaArray(["a": .number(10)]))
    }

    @Test func `a reference stands for an object or array met before`() throws {
        let bytes = Bytes(hex: "03 0001 61 05 0000 09  0A 00000001 05  07 0001  07 0000")
        let values = try AMF0Reader.values(of: bytes)
        #expect(values.count == 4)
        #expect(values[2] == values[1])
        #expect(values[3] == values[0])
    }

    @Test(arguments: ["07 0000", "0A 00000001 07 0000"])
    func `a reference to nothing, or to what contains it, is refused`(hex: String) {
        #expect(throws: AMFFailure.danglingReference(0)) { try Self.value(hex) }
    }

    @Test func `references that multiply are counted by what they stand for`() {
        // Each array holds the one before twice: 2^n values.
        var bytes = ByteWriter()
        bytes.write([0x0A, 0, 0, 0, 1, 0x05])
        for index in 0..<30 { bytes.write([0x0A, 0, 0, 0, 2, 7, 0, UInt8(index), 7, 0, UInt8(index)]) }
        let wire = bytes.finish()
        #expect(throws: AMFFailure.tooManyElements(limit: 8192)) { try AMF0Reader.values(of: wire) }
    }

    @Test func `depth and number of values are limited`() {
        let deep = Bytes(
            [UInt8](repeating: 0, count: 17 * 5).enumerated().map {
                $0.offset % 5 == 0 ? 0x0A : $0.offset % 5 == 4 ? 1 : 0
            })
        #expect(throws: AMFFailure.tooDeep(limit: 16)) { try AMF0Reader.values(of: deep) }
        let many = Bytes([UInt8](repeating: 5, count: 8193))
        #expect(throws: AMFFailure.tooManyElements(limit: 8192)) { try AMF0Reader.values(of: many) }
        #expect(throws: AMFFailure.truncated) { try Self.value("0A FFFFFFFF 05") }
    }

    @Test func `text that is no UTF-8 does not fail`() throws {
        #expect(try Self.value("02 0002 FFFE") == .string("\u{FFFD}\u{FFFD}"))
    }

    @Test(arguments: [
        ("00", AMFValue.undefined), ("01", .null), ("02", .boolean(false)), ("03", .boolean(true)),
        ("04 7F", .number(127)), ("04 8100", .number(128)), ("04 FFFFFFFF", .number(-1)),
        ("04 C0808000", .number(-268_435_456)), ("04 BFFFFFFF", .number(268_435_455)),
        ("05 3FF0000000000000", .number(1)), ("06 07 616263", .string("abc")), ("06 01", .string("")),
        ("07 07 3C613E", .xml("<a>")), ("0B 07 3C613E", .xml("<a>")), ("08 01 3FF0000000000000", .date(1)),
        ("09 05 01 01 04 05", .strictArray([.null, .number(5)])),
        ("09 03 03 61 01 01 04 05", .ecmaArray(["a": .null, "0": .number(5)])),
        ("0A 0B 01 03 61 04 01 01", .object(["a": .number(1)])),
        ("0A 13 03 43 03 61 04 01", .typedObject(className: "C", ["a": .number(1)])),
        ("0C 07 010203", .bytes([1, 2, 3])),
    ])
    func `every supported type of AMF3 reads`(hex: String, expected: AMFValue) throws {
        #expect(try Self.value("11" + hex) == expected)
    }

    @Test func `AMF3 references to texts, objects and traits`() throws {
        // [object C {a: "xy"}, object of the same class {a: the same text}, the first object again]
        let hex = "11 09 07 01  0A 13 03 43 03 61 06 05 7879  0A 01 06 04  0A 02"
        let object = AMFValue.typedObject(className: "C", ["a": .string("xy")])
        #expect(try Self.value(hex) == .strictArray([object, object, object]))
    }

    @Test(arguments: ["11 06 00", "11 0A 00", "11 0A 01", "11 09 02 00"])
    func `AMF3 references to nothing are refused`(hex: String) {
        #expect(throws: AMFFailure.danglingReference(hex == "11 09 02 00" ? 1 : 0)) { try Self.value(hex) }
    }

    static func randomValue(_ random: inout SeededGenerator, depth: Int = 0) -> AMFValue {
        func text() -> String {
            let length = [0, 1, 20, 70_000].randomElement(using: &random) ?? 0
            return String(
                repeating: ["a", "é", "🎥"].randomElement(using: &random) ?? "a",
                count: depth == 0 ? length : length % 100)
        }
        func object() -> AMFObject {
            AMFObject(
                members: (0..<Int.random(in: 0...4, using: &random)).map { index in
                    AMFObject.Member(name: "n\(index)", value: randomValue(&random, depth: depth + 1))
                })
        }
        switch Int.random(in: 0..<(depth > 4 ? 7 : 11), using: &random) {
        case 0: return .number(Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 7)
        case 1: return .boolean(Bool.random(using: &random))
        case 2: return .string(text())
        case 3: return .null
        case 4: return .undefined
        case 5: return .date(Double(Int.random(in: 0...1 << 40, using: &random)))
        case 6: return .xml(text())
        case 7: return .object(object())
        case 8: return .ecmaArray(object())
        case 9: return .typedObject(className: "Class", object())
        default:
            return .strictArray(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in randomValue(&random, depth: depth + 1) })
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `what the AMF0 writer writes the reader reads`(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let values = (0..<5).map { _ in Self.randomValue(&random) }
        #expect(try AMF0Reader.values(of: AMF0Writer.bytes(of: values)) == values)
    }

    @Test func `damaged values fail or read, and never trap`() {
        var random = SeededGenerator(3)
        for _ in 0..<500 {
            var bytes = AMF0Writer.bytes(of: [Self.randomValue(&random, depth: 1)]).array
            for _ in 0..<3 where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? AMF0Reader.values(of: Bytes(bytes))
            var reader = AMF3Reader(Bytes(bytes))
            _ = try? reader.readValue()
        }
    }
}
