import Bytes
import Testing

@testable import DeliveryService

@Suite struct ViewerBeaconTests {
    @Test func `a beacon is read`() throws {
        let text = #"""
            {"session": "abc", "startup_ms": 812, "stalls": 2, "stalled_ms": 640.4,
             "buffer_ms": 1900, "leaving": true, "other": "x\n\"é"}
            """#
        let beacon = try ViewerBeacon(Bytes(utf8: text))
        var expected = ViewerBeacon()
        expected.session = "abc"
        expected.startupMilliseconds = 812
        expected.stalls = 2
        expected.stalledMilliseconds = 640
        expected.bufferMilliseconds = 1900
        expected.isLeaving = true
        #expect(beacon == expected)
        #expect(try ViewerBeacon(Bytes(utf8: "{}")) == ViewerBeacon())
        #expect(try ViewerBeacon(Bytes(utf8: #" {"stalls" : null } "#)) == ViewerBeacon())
    }

    @Test(arguments: [
        "", "{", "}", "[]", "null", "{}{}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":{}}", "{\"a\":[1]}",
        "{\"a\":tru}", "{\"a\":nan}", "{\"a\":inf}", "{\"a\":+1}", "{\"a\":1e999}", "{\"a\":\"\\x\"}", "{\"a\":\"",
        "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\u{1}\"}", "{\"a\":1 \"b\":2}", "{\"a\":0x10}",
        "{\"a\":1.}", "{\"a\":.5}",
    ])
    func `what is no flat object is refused`(text: String) {
        #expect(throws: ViewerBeacon.Failure.malformed) { try ViewerBeacon(Bytes(utf8: text)) }
    }

    @Test(arguments: [
        ("session", "\"\""), ("session", "5"), ("session", "\"a\\nb\""), ("startup_ms", "-1"), ("startup_ms", "600001"),
        ("stalls", "\"2\""), ("stalls", "1e9"), ("stalled_ms", "1e15"), ("buffer_ms", "true"), ("leaving", "1"),
        ("leaving", "null"), ("buffer_ms", "-0.1"),
    ])
    func `a value that no player has is refused by the name of its member`(member: String, value: String) {
        #expect(throws: ViewerBeacon.Failure.outOfRange(member: member)) {
            try ViewerBeacon(Bytes(utf8: "{\"\(member)\":\(value)}"))
        }
    }

    @Test func `any bytes are read or refused`() {
        let text = Array(#"{"session":"a\u00e9b","stalls":2,"leaving":true,"buffer_ms":1.5e2}"#.utf8)
        for index in text.indices {
            for byte: UInt8 in [0, 0x22, 0x2C, 0x5C, 0x7B, 0x7D, 0xFF] {
                var changed = text
                changed[index] = byte
                _ = try? ViewerBeacon(Bytes(changed))
            }
            _ = try? ViewerBeacon(Bytes(Array(text[..<index])))
        }
        let many = "{" + (0..<100).map { "\"a\($0)\":1" }.joined(separator: ",") + "}"
        #expect(throws: ViewerBeacon.Failure.malformed) { try ViewerBeacon(Bytes(utf8: many)) }
    }
}
