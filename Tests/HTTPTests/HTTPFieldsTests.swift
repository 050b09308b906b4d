import Bytes
import Testing

@testable import HTTP

@Suite struct HTTPFieldsTests {
    private func received() throws -> HTTPFields {
        try ParserHarness.request("GET / HTTP/1.1\r\nHost: h\r\nRange: bytes=0-\r\nACCEPT: a\r\naccept:b\r\n\r\n")
            .request.fields
    }

    @Test func `names do not depend on case`() throws {
        let fields = try received()
        #expect(fields["range"] == "bytes=0-")
        #expect(fields["RANGE"] == "bytes=0-")
        #expect(fields["rang"] == nil)
        #expect(fields["accept"] == "a")
        #expect(fields.all("Accept") == ["a", "b"])
        #expect(fields.list("accept") == "a, b")
        #expect(fields.list("none") == nil)
        #expect(fields.contains("Accept"))
        #expect(fields.count == 4)
    }

    @Test func `received and added fields are one list`() throws {
        var fields = try received()
        fields.append("X-Added", "1")
        fields.append("Accept", "c")
        #expect(fields.map(\.name) == ["host", "range", "accept", "accept", "x-added", "accept"])
        #expect(fields.all("accept") == ["a", "b", "c"])
        fields.set("ACCEPT", "only")
        #expect(fields.all("accept") == ["only"])
        fields.remove("range")
        #expect(fields["range"] == nil)
        #expect(fields == ["host": "h", "x-added": "1", "accept": "only"])
        #expect("\(fields)" == "host, x-added, accept")
    }

    @Test func `control characters in values become spaces`() {
        var fields = HTTPFields()
        fields.append("a", "x\r\ny\u{0}z\tw\u{7F}é")
        #expect(fields["a"] == "x  y z\tw é")
    }

    @Test func `a name that is no token is a mistake of ours`() async {
        await #expect(processExitsWith: .failure) {
            var fields = HTTPFields()
            fields.append("a\r\nb", "c")
        }
    }

    @Test func `the character classes are those of the specification`() {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        let tokens = Set((letters + "!#$%&'*+-.^_`|~").utf8)
        let hosts = Set((letters + "-._~!$&'()*+,;=%:[]").utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(byte.isTokenCharacter == tokens.contains(byte))
            #expect(byte.isHostCharacter == hosts.contains(byte))
        }
    }
}
