import Bytes
import HTTP
import Testing

/// What must be refused, with the exact status, however it is cut.
@Suite struct HTTP1RefusalTests {
    private func status(_ text: String, limits: HTTP1Limits = HTTP1Limits()) -> Int? {
        let whole = ParserHarness.parse(text, limits: limits)
        #expect(ParserHarness.parseBytewise(Bytes(utf8: text), limits: limits) == whole)
        return whole.status
    }

    @Test(arguments: [
        ("GET /\r\n\r\n", 400), ("GET / HTTP/1.1 \r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400),
        ("GET /  HTTP/1.1\r\n\r\n", 400), (" GET / HTTP/1.1\r\n\r\n", 400), ("GET\t/ HTTP/1.1\r\n\r\n", 400),
        ("GET / http/1.1\r\n\r\n", 400), ("GET / HTTP/11\r\n\r\n", 400), ("GET / HTTP/1.1x\r\n\r\n", 400),
        ("GET / HTTP/a.b\r\n\r\n", 400), ("GET HTTP/1.1\r\n\r\n", 400), ("HTTP/1.1\r\n\r\n", 400),
        ("G(T / HTTP/1.1\r\n\r\n", 400), ("/ HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\n\n", 400),
        ("GET / HTTP/1.1\n", 400), ("GET / HTTP/1.1\r\r\n", 400), ("\n", 400), ("GET /\r/ HTTP/1.1\r\n", 400),
        ("GET /\u{0}/ HTTP/1.1\r\n", 400), ("\r\n\r\n\r\n\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\n", 400),
        ("GET / HTTP/2.0\r\n", 505), ("GET / HTTP/0.9\r\n", 505), ("GET / HTTP/1.2\r\n", 505),
        ("PRI * HTTP/2.0\r\n", 505), ("BREW / HTTP/1.1\r\n", 501), ("get / HTTP/1.1\r\n", 501),
        ("CONNECT h:443 HTTP/1.1\r\n", 501), ("TRACE / HTTP/1.1\r\n", 501), ("PROPFIND / HTTP/1.1\r\n", 501),
    ])
    func `request lines`(text: String, expected: Int) {
        #expect(status(text) == expected)
    }

    @Test(arguments: [
        "*", "h:80", "a/b", "ftp://h/", "http://", "http:///x", "http://u@h/", "http://h:x/", "http://h:123456/",
        "/a#b", "/%", "/%4", "/%zz", "/%00", "/%0a", "/%0D", "/%7f", "/%ff", "/%c3%28", "/a\u{7F}", "/é", "?x", "/?é",
        "/?a#b", "http://[::1", "http://[]/", "http://a]b/", "//\u{1}",
    ])
    func targets(text: String) {
        #expect(status("GET \(text) HTTP/1.1\r\nHost: h\r\n\r\n") == 400)
    }

    @Test(arguments: [
        ("/", "/", ""), ("/a/b", "/a/b", ""), ("/a?b?c", "/a", "b?c"), ("/a/", "/a/", ""), ("/a//b", "/a//b", ""),
        ("/.", "/", ""), ("/..", "/", ""), ("/../../etc/passwd", "/etc/passwd", ""), ("/a/./b", "/a/b", ""),
        ("/a/../b", "/b", ""), ("/a/b/..", "/a/", ""), ("/a/b/.", "/a/b/", ""), ("/a/%2e%2e/b", "/b", ""),
        ("/%2e%2e%2fetc", "/etc", ""), ("/a%2f..%2F..%2fb", "/b", ""), ("/%252e%252e/b", "/%2e%2e/b", ""),
        ("/...", "/...", ""), ("/.a", "/.a", ""), ("/a..", "/a..", ""), ("/%C3%A9", "/é", ""), ("/a+b", "/a+b", ""),
        ("http://h", "/", ""), ("http://h?q", "/", "q"), ("HTTPS://h:1/a?q", "/a", "q"), ("/?", "/", ""),
        ("/a?/../b", "/a", "/../b"), ("//..//a", "//a", ""), ("/%3F", "/?", ""), ("/a|b", "/a|b", ""),
    ])
    func `targets are decoded once and cannot leave the root`(text: String, path: String, query: String) throws {
        let request = try ParserHarness.request("GET \(text) HTTP/1.1\r\nHost: h\r\n\r\n").request
        #expect(request.path == path)
        #expect(request.query == query)
    }

    @Test func `no spelling of dots leads out of the root`() throws {
        let parts = ["/", ".", "..", "%2e", "%2E%2e", "%2f", "%2F", "a", "%5c", "//"]
        var random = FixedRandom(state: 3)
        for _ in 0..<5000 {
            let tail = (0..<Int.random(in: 1...9, using: &random)).map { _ in parts.randomElement(using: &random) ?? ""
            }
            let target = try #require(RequestTarget(Bytes(utf8: "/" + tail.joined()), method: .get))
            #expect(target.path.hasPrefix("/"))
            let segments = target.path.split(separator: "/")
            #expect(!segments.contains(".") && !segments.contains(".."), "\(tail.joined())")
        }
    }

    @Test(arguments: [
        // Folded lines, spaces before colons, missing names, bare CR and LF, controls.
        ("A: b\r\n c\r\n", 400), (" A: b\r\n", 400), ("A : b\r\n", 400), ("A\t: b\r\n", 400), (": b\r\n", 400),
        ("A\r\n", 400), ("A b: c\r\n", 400), ("A: b\n", 400), ("A: b\rc\r\n", 400), ("A: b\r\r\n", 400),
        ("A: \u{0}\r\n", 400), ("A: \u{1}\r\n", 400),
        ("A: \u{7F}\r\n", 400), ("A\u{0}: b\r\n", 400), ("é: b\r\n", 400),
        ("A(: b\r\n", 400), ("Transfer-Encoding : chunked\r\n", 400), ("\u{0B}Transfer-Encoding: chunked\r\n", 400),
        // Lengths.
        ("Content-Length: +5\r\n", 400), ("Content-Length: -1\r\n", 400), ("Content-Length: 0x5\r\n", 400),
        ("Content-Length: 5 5\r\n", 400), ("Content-Length: 5, 5\r\n", 400), ("Content-Length:\r\n", 400),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", 400), ("Content-Length: 5\r\ncontent-length: 6\r\n", 400),
        ("Content-Length: 5.0\r\n", 400), ("Content-Length: ٥\r\n", 400), ("Content-Length: 1048577\r\n", 413),
        ("Content-Length: 18446744073709551621\r\n", 413), ("Content-Length: 9223372036854775807\r\n", 413),
        // Codings.
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400),
        ("Transfer-Encoding: chunked, chunked\r\n", 400), ("Transfer-Encoding: chunked, gzip\r\n", 400),
        ("Transfer-Encoding: chunked,\r\n", 400), ("Transfer-Encoding: ,chunked\r\n", 400),
        ("Transfer-Encoding: chunked;q=1\r\n", 400), ("Transfer-Encoding: \"chunked\"\r\n", 400),
        ("Transfer-Encoding:\r\n", 400), ("Transfer-Encoding: chun ked\r\n", 400),
        ("Transfer-Encoding: chunked\u{0B}\r\n", 400), ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: gzip\r\n", 501), ("Transfer-Encoding: identity\r\n", 501),
        ("Transfer-Encoding: xchunked\r\n", 501),
        // The rest.
        ("Expect: 200-ok\r\n", 417), ("Expect:\r\n", 417), ("Host: h\r\n", 400), ("host: other\r\n", 400),
    ])
    func `header fields`(fields: String, expected: Int) {
        #expect(status("POST / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n") == expected)
    }

    @Test(arguments: ["", "a b", "u@h", "h/", "h:", "h:80x", "[::1", "[]", "h,i", "h:123456", "a]", "é"])
    func `hosts`(host: String) {
        let isLegal = host == "h:" || host == "h,i"
        #expect(status("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == (isLegal ? nil : 400))
    }

    @Test func `HTTP 1.1 needs a host and HTTP 1.0 does not`() {
        #expect(status("GET / HTTP/1.1\r\n\r\n") == 400)
        #expect(status("GET http://h/ HTTP/1.1\r\n\r\n") == 400)
        #expect(status("GET / HTTP/1.0\r\n\r\n") == nil)
        #expect(status("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == 400)
        #expect(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400)
    }

    @Test(arguments: [
        ("\r\n", 400), ("x\r\n", 400), ("+1\r\n", 400), ("-1\r\n", 400), ("0x1\r\n", 400), (" 1\r\n", 400),
        ("1 \r\n", 400), ("1 ;a\r\n", 400), ("1\n", 400), ("1\r1", 400), (";a\r\n", 400), ("1;\u{0}\r\n", 400),
        ("1;a\rb\r\n", 400), ("1;a\n", 400), ("8000000000000000\r\n", 400), ("10000000000000000\r\n", 400),
        ("00000000000000001\r\n", 400), ("FFFFFFFFFFFFFFFF\r\n", 400), ("7FFFFFFFFFFFFFFF\r\n", 413),
        ("100001\r\n", 413), ("1\r\nab\r\n", 400), ("1\r\na\n", 400), ("1\r\na\rb", 400), ("1\r\na0\r\n", 400),
        ("0\r\nA\r\n", 400), ("0\r\n A: b\r\n", 400), ("0\r\nA: b\n", 400), ("0\r\n\n", 400), ("0\r\nA : b\r\n", 400),
        ("0\r\nA: \u{0}\r\n", 400),
    ])
    func `chunked bodies`(body: String, expected: Int) {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(status(head + body) == expected)
    }
}
