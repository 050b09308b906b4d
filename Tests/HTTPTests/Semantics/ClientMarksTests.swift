import Bytes
import Testing

@testable import HTTP

@Suite struct ClientMarksTests {
    private func received(_ lines: [String]) throws -> HTTPFields {
        var parser = HTTP1RequestParser(peerAddress: "127.0.0.1")
        parser.receive(Bytes(utf8: "GET / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"))
        guard case .request(let request) = try parser.next() else { throw HTTP1Failure.fieldMalformed }
        return request.request.fields
    }

    @Test func `fields are found as they came from the network, in any case`() throws {
        let fields = try received(["Accept: */*", "COOKIE: a=b", "user-Agent: player/1", "cookie: c=d"])
        let marks = fields.clientMarks
        #expect(fields.cookie(marks) == Bytes(utf8: "a=b"))
        #expect(fields.userAgent(marks) == Bytes(utf8: "player/1"))
        #expect(marks.hasCookie && !marks.cameThroughCache && !marks.hasMeasurements)
    }

    @Test func `fields that code has added are found too`() {
        let fields: HTTPFields = ["accept": "*/*", "user-agent": "player/1"]
        #expect(fields.userAgent(fields.clientMarks) == Bytes(utf8: "player/1"))
        #expect(fields.cookie(fields.clientMarks) == nil)
    }

    @Test(arguments: ["Via: 1.1 cache", "CDN-Loop: example"])
    func `a shared cache on the way is seen`(line: String) throws {
        #expect(try received([line]).clientMarks.cameThroughCache)
    }

    @Test(arguments: ["CMCD-Request: su", "CMCD-Object: br=1", "CMCD-Status: bs", "CMCD-Session: sf=h"])
    func `a player's measurements are seen`(line: String) throws {
        #expect(try received([line]).clientMarks.hasMeasurements)
    }

    @Test(arguments: [
        ("If-None-Match: \"a\"", true), ("if-match: *", true), ("If-Range: \"a\"", true), ("RANGE: bytes=0-", true),
        ("If-Modified-Since: x", true), ("If-Unmodified-Since: x", true), ("Accept: x", false), ("Refer: x", true),
    ])
    func `what may limit a response is seen in one walk`(line: String, isSeen: Bool) throws {
        #expect(try received([line]).mayLimitResponse == isSeen)
    }

    @Test func `a parameter is looked for without a copy`() {
        let cases = [
            ("session=a", true), ("a=1&session=a", true), ("session", false), ("xsession=a", false), ("", false),
            ("session=", true), ("a=session=1", false), ("&&session=x", true), ("sessio=x", false),
        ]
        for (query, isThere) in cases {
            #expect(
                HTTPRequest(method: .get, path: "/", query: query).mayHaveParameter("session") == isThere, "\(query)")
        }
    }
}
