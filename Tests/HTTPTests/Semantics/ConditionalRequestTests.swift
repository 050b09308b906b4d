import HTTP
import Testing

@Suite struct ConditionalRequestTests {
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let after = "Sun, 06 Nov 1994 08:49:38 GMT"

    private func evaluate(_ fields: HTTPFields, _ method: HTTPMethod = .get, weak: Bool = false) -> ConditionalRequest {
        ConditionalRequest(
            HTTPRequest(method: method, path: "/", fields: fields), etag: EntityTag("v1", isWeak: weak),
            lastModifiedUnixSeconds: 784_111_777)
    }

    @Test(arguments: [
        ("\"v1\"", true), ("W/\"v1\"", true), ("*", true), ("\"v2\", \"v1\"", true), ("\"v2\" , W/\"v1\" ", true),
        ("\"v2\"", false), ("v1", false), ("", false), ("\"v1", false), ("w/\"v1\"", false), ("\"v2\"; \"v1\"", false),
        (", \"v1\"", false), ("\"a,b\",\"v1\"", true),
    ])
    func `If-None-Match compares weakly`(value: String, isKnown: Bool) {
        #expect(evaluate(["if-none-match": value]) == (isKnown ? .notModified : .proceed))
        #expect(evaluate(["if-none-match": value], .head, weak: true) == (isKnown ? .notModified : .proceed))
        #expect(evaluate(["if-none-match": value], .put) == (isKnown ? .preconditionFailed : .proceed))
    }

    @Test func `If-None-Match spans lines`() {
        #expect(evaluate(["if-none-match": "\"x\"", "if-none-match": "\"v1\""]) == .notModified)
    }

    @Test func `If-Match compares strongly`() {
        #expect(evaluate(["if-match": "\"v1\""], .put) == .proceed)
        #expect(evaluate(["if-match": "*"], .put) == .proceed)
        #expect(evaluate(["if-match": "\"v2\""], .put) == .preconditionFailed)
        #expect(evaluate(["if-match": "W/\"v1\""]) == .preconditionFailed)
        #expect(evaluate(["if-match": "\"v1\""], weak: true) == .preconditionFailed)
    }

    @Test func `dates decide where no tag does`() {
        #expect(evaluate(["if-modified-since": Self.date]) == .notModified)
        #expect(evaluate(["if-modified-since": Self.after]) == .notModified)
        #expect(evaluate(["if-modified-since": Self.before]) == .proceed)
        #expect(evaluate(["if-modified-since": "nonsense"]) == .proceed)
        #expect(evaluate(["if-modified-since": Self.date], .post) == .proceed)
        #expect(evaluate(["if-unmodified-since": Self.date], .put) == .proceed)
        #expect(evaluate(["if-unmodified-since": Self.before], .put) == .preconditionFailed)
    }

    @Test func `tags go before dates`() {
        #expect(evaluate(["if-modified-since": Self.after, "if-none-match": "\"v2\""]) == .proceed)
        #expect(evaluate(["if-unmodified-since": Self.before, "if-match": "\"v1\""]) == .proceed)
        #expect(evaluate(["if-match": "\"v1\"", "if-none-match": "\"v1\""]) == .notModified)
    }
}
