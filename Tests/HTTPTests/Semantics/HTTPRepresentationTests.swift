import Bytes
import HTTP
import Testing

@Suite struct HTTPRepresentationTests {
    private let representation = HTTPRepresentation(
        body: [[0, 1, 2], [3, 4, 5, 6, 7, 8, 9]], contentType: MediaType.videoMP4, etag: EntityTag("v1"),
        lastModifiedUnixSeconds: 784_111_777, cacheControl: CacheControl.forever.value,
        fields: ["vary": "accept-encoding"])

    private func response(_ fields: HTTPFields = [:], _ method: HTTPMethod = .get) -> HTTPResponse {
        representation.response(to: HTTPRequest(method: method, path: "/", fields: fields))
    }

    private func bytes(_ response: HTTPResponse) -> [UInt8]? {
        guard case .shared(let buffers) = response.body else { return nil }
        return buffers.flatMap(\.array)
    }

    @Test func `the whole`() {
        let response = response()
        #expect(response.status == .ok)
        #expect(bytes(response) == Array(0...9))
        #expect(response.fields["content-type"] == "video/mp4")
        #expect(response.fields["etag"] == "\"v1\"")
        #expect(response.fields["last-modified"] == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(response.fields["accept-ranges"] == "bytes")
        #expect(response.fields["cache-control"] == "public, max-age=31536000, immutable")
    }

    @Test func `a part`() {
        let response = response(["range": "bytes=2-4"])
        #expect(response.status == .partialContent)
        #expect(bytes(response) == [2, 3, 4])
        #expect(response.fields["content-range"] == "bytes 2-4/10")
        #expect(response.fields["content-type"] == "video/mp4")
    }

    @Test func `nothing behind the end`() {
        let response = response(["range": "bytes=10-"])
        #expect(response.status == .rangeNotSatisfiable)
        #expect(response.fields["content-range"] == "bytes */10")
    }

    @Test func `HEAD is answered like GET but for ranges`() {
        let response = response(["range": "bytes=2-4"], .head)
        #expect(response.status == .ok)
        #expect(bytes(response)?.count == 10)
    }

    @Test(arguments: [
        ("\"v1\"", true), ("\"v2\"", false), ("W/\"v1\"", false), ("Sun, 06 Nov 1994 08:49:37 GMT", true),
        ("Sun, 06 Nov 1994 08:49:38 GMT", false), ("nonsense", false), ("\"v1\" ", true), ("\"v1\"x", false),
    ])
    func `If-Range guards the part`(value: String, isPart: Bool) throws {
        // Spaces around a value are the parser's to remove.
        let text = "GET / HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\nIf-Range: \(value)\r\n\r\n"
        let response = representation.response(to: try ParserHarness.request(text).request)
        #expect(response.status == (isPart ? .partialContent : .ok))
    }

    @Test func `what the client has is not sent again`() {
        let response = response(["if-none-match": "\"v1\"", "range": "bytes=0-1"])
        #expect(response.status == .notModified)
        #expect(bytes(response) == nil)
        #expect(response.fields["etag"] == "\"v1\"")
        #expect(response.fields["vary"] == "accept-encoding")
        #expect(response.fields["cache-control"] != nil)
        #expect(response.fields["content-type"] == nil)
    }

    @Test func `a failed precondition`() {
        #expect(response(["if-match": "\"v2\""]).status == .preconditionFailed)
    }
}
