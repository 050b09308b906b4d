import Bytes
import HTTP
import Testing

@Suite struct HTTP1LimitTests {
    private static let small: HTTP1Limits = {
        var limits = HTTP1Limits()
        limits.requestLineBytesMax = 40
        limits.headerBytesMax = 100
        limits.fieldCountMax = 5
        limits.bodyBytesMax = 10
        limits.chunkExtensionBytesMax = 8
        return limits
    }()

    private func failure(_ text: String) -> HTTP1Failure? {
        let bytes = Bytes(utf8: text)
        let whole = ParserHarness.parse([bytes], limits: Self.small)
        for cut in 0...bytes.count {
            #expect(ParserHarness.parse([bytes.prefix(cut), bytes.dropFirst(cut)], limits: Self.small) == whole)
        }
        #expect(ParserHarness.parseBytewise(bytes, limits: Self.small) == whole)
        return whole.failure
    }

    @Test func `a request line may be as long as the limit and no longer`() {
        let path = String(repeating: "a", count: 40 - "GET / HTTP/1.1".utf8.count)
        #expect(failure("GET /\(path) HTTP/1.1\r\nHost: h\r\n\r\n") == nil)
        #expect(failure("GET /\(path)a HTTP/1.1\r\nHost: h\r\n\r\n") == .requestLineTooLong(limit: 40))
        #expect(failure("GET /\(path)a HTTP/1.1\n") == .lineEndMalformed)
        #expect(failure(String(repeating: "a", count: 60)) == .requestLineTooLong(limit: 40))
        #expect(failure(String(repeating: "a", count: 41)) == nil)
        #expect(HTTP1Failure.requestLineTooLong(limit: 40).status.code == 414)
    }

    @Test func `a header may be as long as the limit and no longer`() {
        let value = String(repeating: "v", count: 100 - "Host: h\r\nA: \r\n\r\n".utf8.count)
        #expect(failure("GET / HTTP/1.1\r\nHost: h\r\nA: \(value)\r\n\r\n") == nil)
        #expect(failure("GET / HTTP/1.1\r\nHost: h\r\nA: \(value)v\r\n\r\n") == .headerTooLarge(limit: 100))
        #expect(failure("GET / HTTP/1.1\r\nHost: \(value)\(value)") == .headerTooLarge(limit: 100))
        #expect(HTTP1Failure.headerTooLarge(limit: 1).status.code == 431)
    }

    @Test func `a header has no more fields than the limit`() {
        let fields = String(repeating: "a: b\r\n", count: 4)
        #expect(failure("GET / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n") == nil)
        #expect(failure("GET / HTTP/1.1\r\nHost: h\r\n\(fields)a: b\r\n\r\n") == .tooManyFields(limit: 5))
        #expect(HTTP1Failure.tooManyFields(limit: 5).status.code == 431)
    }

    @Test func `a body is no longer than the limit, announced or not`() {
        #expect(failure("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789") == nil)
        let announced = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n"
        #expect(failure(announced) == .bodyTooLarge(limit: 10))
        let chunked = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(failure(chunked + "6\r\nabcdef\r\n4\r\nabcd\r\n0\r\n\r\n") == nil)
        #expect(failure(chunked + "6\r\nabcdef\r\n5\r\nabcde\r\n0\r\n\r\n") == .bodyTooLarge(limit: 10))
        #expect(failure(chunked + "b\r\n") == .bodyTooLarge(limit: 10))
    }

    @Test func `chunk extensions and trailers are bounded`() {
        let chunked = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(failure(chunked + "1;aaaaaaa\r\na\r\n0\r\n\r\n") == nil)
        #expect(failure(chunked + "1;aaaaaaaa\r\na\r\n0\r\n\r\n") == .chunkExtensionsTooLong(limit: 8))
        #expect(failure(chunked + "1;aaa\r\na\r\n1;aaaa\r\na\r\n") == .chunkExtensionsTooLong(limit: 8))
        #expect(failure(chunked + "1;aaaaaaa\u{1}") == .chunkExtensionsTooLong(limit: 8))
        #expect(failure(chunked + "1;aaaaaa\u{1}") == .chunkMalformed)
        #expect(failure(chunked + "0\r\n" + String(repeating: "a: b\r\n", count: 6)) == .tooManyFields(limit: 5))
        let long = String(repeating: "v", count: 90)
        #expect(failure(chunked + "0\r\na: \(long)\r\nb: cccc\r\n\r\n") == .headerTooLarge(limit: 100))
        #expect(failure(chunked + "0\r\n" + long + long) == .headerTooLarge(limit: 100))
    }

    @Test func `empty lines before a request are few`() {
        #expect(failure("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == nil)
        #expect(failure("\r\n\r\n\r\n\r\n\r\n") == .tooManyEmptyLines(limit: 4))
    }
}
