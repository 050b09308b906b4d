import Bytes
import HTTP
import Testing

@Suite struct HTTP1ResponsePlanTests {
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

    private func plan(
        _ response: HTTPResponse, _ method: String = "GET", version: String = "HTTP/1.1", fields: String = "",
        closing: Bool = false
    ) throws -> HTTP1ResponsePlan {
        let request = try ParserHarness.request("\(method) / \(version)\r\nHost: h\r\n\(fields)\r\n")
        return HTTP1ResponsePlan(response, to: request, date: Self.date, closing: closing)
    }

    private func isNone(_ body: HTTP1ResponsePlan.Body) -> Bool {
        if case .none = body { true } else { false }
    }

    private let streamed = HTTPResponse(.ok, body: .stream(length: nil) { _ in })

    @Test func `writes status, date, fields and length`() throws {
        let response = HTTPResponse(.ok, fields: ["Content-Type": "video/mp4"], body: .shared([[1, 2], [3]]))
        let plan = try plan(response)
        #expect(
            plan.head.string == "HTTP/1.1 200 OK\r\ndate: \(Self.date)\r\ncontent-type: video/mp4\r\n"
                + "content-length: 3\r\n\r\n")
        #expect(!plan.closesAfter)
        guard case .buffers(let buffers) = plan.body else {
            Issue.record("a shared body is sent as it is")
            return
        }
        #expect(buffers == [[1, 2], [3]])
    }

    @Test func `HEAD has the length and no body`() throws {
        let plan = try plan(HTTPResponse(.ok, body: .shared([[1, 2, 3]])), "HEAD")
        #expect(plan.head.string.contains("content-length: 3\r\n"))
        #expect(isNone(plan.body))
        let stream = try self.plan(streamed, "HEAD")
        #expect(!stream.head.string.contains("transfer-encoding"))
        #expect(isNone(stream.body))
    }

    @Test(arguments: [204, 304, 101])
    func `some statuses have neither body nor length`(code: Int) throws {
        let plan = try plan(HTTPResponse(HTTPStatus(code), body: .shared([[1]])))
        #expect(!plan.head.string.contains("content-length"))
        #expect(isNone(plan.body))
        #expect(!plan.closesAfter)
    }

    @Test func `an empty body has length zero`() throws {
        #expect(try plan(HTTPResponse(.ok)).head.string.hasSuffix("content-length: 0\r\n\r\n"))
    }

    @Test func `a stream of unknown length is chunked, and ends with the connection for HTTP 1.0`() throws {
        let new = try plan(streamed)
        #expect(new.head.string.hasSuffix("transfer-encoding: chunked\r\n\r\n"))
        #expect(!new.closesAfter)
        guard case .stream(.chunked, _) = new.body else { throw HTTP1Failure.chunkMalformed }
        let old = try plan(streamed, version: "HTTP/1.0", fields: "Connection: keep-alive\r\n")
        #expect(old.head.string.hasSuffix("connection: close\r\n\r\n"))
        #expect(!old.head.string.contains("transfer-encoding"))
        #expect(old.closesAfter)
        guard case .stream(.untilClose, _) = old.body else { throw HTTP1Failure.chunkMalformed }
        let known = try plan(HTTPResponse(.ok, body: .stream(length: 7) { _ in }), version: "HTTP/1.0")
        #expect(known.head.string.contains("content-length: 7\r\n"))
        guard case .stream(.length(7), _) = known.body else { throw HTTP1Failure.chunkMalformed }
    }

    @Test func `says what becomes of the connection`() throws {
        let ok = HTTPResponse(.ok)
        #expect(try !plan(ok).head.string.contains("connection"))
        #expect(try plan(ok, closing: true).head.string.contains("connection: close\r\n"))
        #expect(try plan(ok, closing: true).closesAfter)
        #expect(try plan(ok, fields: "Connection: close\r\n").closesAfter)
        let old = try plan(ok, version: "HTTP/1.0", fields: "Connection: keep-alive\r\n")
        #expect(old.head.string.contains("connection: keep-alive\r\n"))
        #expect(!old.closesAfter)
        #expect(try plan(ok, version: "HTTP/1.0").closesAfter)
    }

    @Test func `fields of the connection are the server's own`() throws {
        let fields: HTTPFields = [
            "Content-Length": "9", "Transfer-Encoding": "chunked", "Connection": "close", "Date": "now", "X": "y",
        ]
        let head = try plan(HTTPResponse(.ok, fields: fields)).head.string
        #expect(head == "HTTP/1.1 200 OK\r\ndate: \(Self.date)\r\nx: y\r\ncontent-length: 0\r\n\r\n")
    }

    @Test func `answers a failure and closes`() {
        let plan = HTTP1ResponsePlan(closingWith: HTTP1Failure.targetMalformed.response, date: Self.date)
        #expect(plan.closesAfter)
        #expect(plan.head.string.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(plan.head.string.contains("connection: close\r\n"))
        #expect(plan.head.string.contains("content-type: application/problem+json\r\n"))
    }

    @Test func `no value splits a response`() throws {
        let evil = "a\r\nSet-Cookie: x=1\r\n\r\n<html>\u{0}"
        let head = try plan(HTTPResponse(.ok, fields: ["location": evil])).head.string
        #expect(head.split(separator: "\r\n", omittingEmptySubsequences: false).count == 6)
        #expect(head.contains("location: a  Set-Cookie: x=1    <html> \r\n"))
    }

    @Test func `a head reads back as it was written`() throws {
        let fields: HTTPFields = ["etag": "\"é\"", "x-empty": "", "vary": "a", "vary": "b"]
        let head = try plan(HTTPResponse(.ok, fields: fields)).head.string
        let asRequest = "GET / HTTP/1.1\r\nHost: h" + head.dropFirst("HTTP/1.1 200 OK".count)
        let read = try ParserHarness.request(String(asRequest)).request.fields
        #expect(read.map(\.name) == ["host", "date", "etag", "x-empty", "vary", "vary", "content-length"])
        #expect(read.map(\.value) == ["h", Self.date, "\"é\"", "", "a", "b", "0"])
    }

    @Test func `chunks read back as they were framed`() throws {
        let pieces: [Bytes] = [[1], [], Bytes([UInt8](repeating: 7, count: 300)), [9, 9]]
        let body = pieces.flatMap { HTTP1Chunk.framed($0) } + [HTTP1Chunk.last]
        let head = Bytes(utf8: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        let wire = Bytes(([head] + body).flatMap(\.array))
        var parser = HTTP1RequestParser()
        parser.receive(wire)
        _ = try parser.next()
        guard case .request(let request) = try parser.next() else { throw HTTP1Failure.chunkMalformed }
        #expect(request.request.body.array == pieces.flatMap(\.array))
        #expect(HTTP1Chunk.header(300).string == "12c\r\n")
    }
}
