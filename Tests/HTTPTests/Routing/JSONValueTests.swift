import Bytes
import Testing

@testable import HTTP

@Suite struct JSONValueTests {
    private static func read(_ text: String) throws -> JSONValue { try JSONValue(reading: Bytes(utf8: text)) }

    @Test func `a value of every kind is read`() throws {
        let text = """
             {"a" : [null, true, false, -0, 1.5e+3, "x"], "": {}, "b":[ ]}\r\n\t
            """
        let object = try #require(try Self.read(text).object)
        #expect(object.names == ["a", "", "b"])
        #expect(
            object["a"]
                == .array([.null, .boolean(true), .boolean(false), .number("-0"), .number("1.5e+3"), .string("x")]))
        #expect(object[""] == .object(JSONObject()))
        #expect(object["b"] == .array([]))
        #expect(object["c"] == nil)
    }

    @Test(arguments: [
        ("\"\"", ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud83d\udcfa""#, "📺"), (#""📺é""#, "📺é"), (#""\u0000""#, "\0"),
    ])
    func `strings lose their escapes`(text: String, value: String) throws {
        #expect(try Self.read(text).text == value)
    }

    @Test(arguments: [
        ("5", 5), ("-5", -5), ("5.0", 5), ("5e2", 500), ("500e-2", 5), ("9223372036854775807", .max), ("-0", 0),
        ("5.5", nil), ("1e99", nil), ("1e400", nil), ("9223372036854775808", nil), ("\"5\"", nil), ("true", nil),
    ])
    func `whole numbers are whole however they are written`(text: String, value: Int?) throws {
        #expect(try Self.read(text).integer == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "NaN", "\"", "\"\\",
        "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\t\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"",
        "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{\"a\" 1}", "{1:1}", "1 1", "[] []", "// x\n1",
        "\u{FEFF}1", "\u{A0}1", "\u{0}",
    ])
    func `what the grammar does not have is refused`(text: String) {
        #expect(throws: JSONFailure.self) { try Self.read(text) }
    }

    @Test(arguments: [#""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud800x""#, #""\ud800\n""#])
    func `half a surrogate pair is refused`(text: String) {
        #expect(throws: JSONFailure(reason: .expected("a whole surrogate pair"), offset: 3)) { try Self.read(text) }
    }

    @Test func `a name that comes twice is refused, also when it is written otherwise`() {
        #expect(throws: JSONFailure(reason: .repeatedMember("a"), offset: 8)) {
            try Self.read(#"{"a":1, "\u0061":1}"#)
        }
        #expect(throws: Never.self) { try Self.read(#"[{"a":1},{"a":1}]"#) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xC3, 0xA9],
        ] {
            #expect(throws: JSONFailure.self) { try JSONValue(reading: Bytes(bytes)) }
        }
    }

    @Test func `nesting is followed to a limit and no further`() throws {
        let deepest =
            String(repeating: "[", count: JSONValue.depthMax) + String(repeating: "]", count: JSONValue.depthMax)
        _ = try Self.read(deepest)
        #expect(throws: JSONFailure(reason: .tooDeep, offset: JSONValue.depthMax)) {
            try Self.read("[" + deepest + "]")
        }
        #expect(throws: JSONFailure.self) { try Self.read(String(repeating: "[", count: 60_000)) }
        #expect(throws: JSONFailure.self) { try Self.read(String(repeating: #"{"a":"#, count: 10_000)) }
    }

    @Test func `every truncation is refused`() throws {
        let text = Array(#"{"a": [1.5e3, "\ud83d\udcfa", true], "b": {"c": null}}"#.utf8)
        _ = try JSONValue(reading: Bytes(text))
        for length in 0..<text.count {
            #expect(throws: JSONFailure.self) { try JSONValue(reading: Bytes(Array(text[..<length]))) }
        }
    }
}
