import Bytes
import HTTP
import Testing

@Suite struct HTTP1RequestParserTests {
    /// Two plain requests, a body of known length, a chunked one with extensions and trailer, HTTP/1.0, empty lines.
    static let stream =
        "GET /hls/a%20b/master.m3u8?x=1&y=%20 HTTP/1.1\r\nHost: example.org:8080\r\nAccept: */*\r\n\r\n"
        + "\r\nHEAD http://other.example/a/../b HTTP/1.1\r\nhost:first\r\nX:  spaced out \t\r\nEmpty:\r\n\r\n"
        + "POST /api/streams HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello\r\nworl"
        + "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
        + "4\r\nWiki\r\n5;a=\"b;c\"\r\npedia\r\n00\r\nTrailer: t\r\n\r\n"
        + "OPTIONS * HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
        + "GET / HTTP/1.1\r\nHost: [::1]:80\r\nConnection: foo, Close\r\n\r\n"

    @Test func `understands pipelined requests of every kind`() {
        let outcome = ParserHarness.parse(Self.stream)
        #expect(outcome.failure == nil)
        #expect(
            outcome.events == [
                "request get /hls/a%20b/master.m3u8?x=1&y=%20 /hls/a b/master.m3u8 ?x=1&y=%20 "
                    + "[host=example.org:8080;accept=*/*] http11 none keep true false []",
                "request head http://other.example/a/../b /b ? "
                    + "[x=spaced out;empty=;host=other.example] http11 none keep true false []",
                "head post /api/streams /api/streams ? [host=h;content-length=11;expect=100-continue] "
                    + "http11 length(11) keep true true []",
                "request post /api/streams /api/streams ? [host=h;content-length=11;expect=100-continue] "
                    + "http11 length(11) keep true true \(Array("hello\r\nworl".utf8))",
                "head put /c /c ? [host=h;transfer-encoding=Chunked] http11 chunked keep true false []",
                "request put /c /c ? [host=h;transfer-encoding=Chunked] http11 chunked keep true false "
                    + "\(Array("Wikipedia".utf8))",
                "request options * * ? [connection=Keep-Alive] http10 none keep true false []",
                "request get / / ? [host=[::1]:80;connection=foo, Close] http11 none keep false false []",
            ])
    }

    @Test func `gives the same events for every cut of the stream`() {
        let wire = Bytes(utf8: Self.stream)
        let whole = ParserHarness.parse([wire])
        for cut in 0...wire.count {
            #expect(ParserHarness.parse([wire.prefix(cut), wire.dropFirst(cut)]) == whole, "cut at \(cut)")
        }
        for size in 1...17 {
            let pieces = stride(from: 0, to: wire.count, by: size).map { wire[$0..<min($0 + size, wire.count)] }
            #expect(ParserHarness.parse(pieces) == whole, "pieces of \(size)")
        }
    }

    @Test func `a truncated stream gives a prefix of the events and no failure`() {
        let wire = Bytes(utf8: Self.stream)
        let whole = ParserHarness.parse([wire]).events
        for length in 0..<wire.count {
            let outcome = ParserHarness.parse([wire.prefix(length)])
            #expect(outcome.failure == nil)
            #expect(outcome.events.count < whole.count)
            #expect(outcome.events == Array(whole.prefix(outcome.events.count)))
        }
    }

    @Test func `is idle between requests only`() throws {
        var parser = HTTP1RequestParser(peerAddress: "192.0.2.1")
        var idle = [parser.isIdle]
        var events: [String] = []
        for piece in ["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n", "\r\n", "ab"] {
            parser.receive(Bytes(utf8: piece))
            while let event = try parser.next() {
                events.append(ParserHarness.describe(event))
                if case .head(let head) = event { #expect(head.request.peerAddress == "192.0.2.1") }
            }
            idle.append(parser.isIdle)
        }
        #expect(idle == [true, false, false, true])
        #expect(events.count == 2)
    }

    @Test func `a failed parser stays failed`() {
        var parser = HTTP1RequestParser()
        for text in ["BREW / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"] {
            parser.receive(Bytes(utf8: text))
            #expect(throws: HTTP1Failure.methodUnknown("BREW")) { try Self.drain(&parser) }
        }
        let isIdle = parser.isIdle
        #expect(!isIdle)
    }

    private static func drain(_ parser: inout HTTP1RequestParser) throws { while try parser.next() != nil {} }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: keep-alive\r\n", true), ("HTTP/1.1", "Connection: x , CLOSE,y\r\n", false),
        ("HTTP/1.1", "Connection: a\r\nConnection: close\r\n", false), ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: keep-alive\r\n", true), ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
        ("HTTP/1.1", "Connection: closed\r\n", true),
    ])
    func `decides about persistence`(version: String, fields: String, keepsAlive: Bool) throws {
        let request = try ParserHarness.request("GET / \(version)\r\nHost: h\r\n\(fields)\r\n")
        #expect(request.keepsAlive == keepsAlive)
    }

    @Test func `ignores an expectation that HTTP 1.0 does not know and one without a body`() throws {
        let old = "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx"
        #expect(try !ParserHarness.request(old).expectsContinue)
        #expect(try ParserHarness.request("GET / HTTP/1.0\r\nExpect: magic\r\n\r\n").version == .http10)
        let bare = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n"
        #expect(try !ParserHarness.request(bare).expectsContinue)
    }

    @Test func `a length of zero is no body`() throws {
        let request = try ParserHarness.request("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        #expect(request.framing == .none)
        #expect(request.request.body.isEmpty)
    }

    @Test func `mutated streams never crash and never depend on the cut`() {
        var random = FixedRandom(state: 7)
        let alphabet = Array("\r\n\0 \t:;,*/.%?#0aFGzx\u{7F}é".utf8)
        for round in 0..<4000 {
            var bytes = Array(Self.stream.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[position] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                case 2: bytes.remove(at: position)
                default: bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &random)], at: position)
                }
            }
            let wire = Bytes(bytes)
            let whole = ParserHarness.parse([wire])
            let cut = Int.random(in: 0...wire.count, using: &random)
            #expect(ParserHarness.parse([wire.prefix(cut), wire.dropFirst(cut)]) == whole, "round \(round)")
            if round % 20 == 0 { #expect(ParserHarness.parseBytewise(wire) == whole, "round \(round)") }
        }
    }
}
