import HTTP
import Testing

@testable import APIService

@Suite struct StreamBodyTests {
    @Test(arguments: [
        "", " ", "{", "[]", "null", "\"title\"", "{\"title\": \"x\"", "{\"title\": \"x\"} x", "{title: 'x'}", "\u{0}",
        "42", #"{"title": "x",}"#, #"{"title": "x", "title": "x"}"#, #"{"title": "\ud800"}"#,
    ])
    func `a body that is no JSON object is malformed`(body: String) async throws {
        try await TestAPI().send(.post, "/streams", body: body).expectProblem(400, "malformed_body")
    }

    @Test(arguments: [
        ("{}", "is required"), (#"{"title": null}"#, "must be a string"), (#"{"title": 5}"#, "must be a string"),
        (#"{"title": ["x"]}"#, "must be a string"), (#"{"title": ""}"#, "must have 1 to 200 characters, not 0"),
        (#"{"title": " \t\n "}"#, "must have 1 to 200 characters, not 0"),
        (#"{"title": "a\u0000b"}"#, "must not have control characters"),
        (#"{"title": "a\nb"}"#, "must not have control characters"),
    ])
    func `a title that cannot be one is refused by name`(body: String, reason: String) async throws {
        let answer = try await TestAPI().send(.post, "/streams", body: body)
        answer.expectProblem(422, "invalid_value")
        #expect(answer.string("detail") == "The member 'title' \(reason).")
    }

    @Test func `a title has at most 200 characters, however many bytes they take`() async throws {
        let api = try await TestAPI()
        let emoji = String(repeating: "📺", count: 200)
        #expect(await api.send(.post, "/streams", body: #"{"title": "\#(emoji)"}"#).string("title") == emoji)
        await api.send(.post, "/streams", body: #"{"title": "\#(emoji)x"}"#).expectProblem(422, "invalid_value")
        let tower = "a" + String(repeating: "\u{301}", count: 4000)
        await api.send(.post, "/streams", body: #"{"title": "\#(tower)"}"#).expectProblem(422, "invalid_value")
    }

    @Test func `a member that means nothing is refused by name`() async throws {
        let answer = try await TestAPI().send(.post, "/streams", body: #"{"title": "x", "titel": "y"}"#)
        answer.expectProblem(422, "unknown_member")
        #expect(answer.string("detail").contains("'titel'"))
    }

    @Test(arguments: ["text/plain", "multipart/form-data", "application/jsonp", "", "json"])
    func `a body of another type is refused`(type: String) async throws {
        try await TestAPI().send(.post, "/streams", body: #"{"title": "x"}"#, fields: [("content-type", type)])
            .expectProblem(415, "unsupported_media_type")
    }

    @Test(arguments: [nil, "application/x-www-form-urlencoded"])
    func `a client that names no type, or curl's, is understood`(type: String?) async throws {
        let fields = type.map { [("content-type", $0)] } ?? []
        let answer = try await TestAPI().send(.post, "/streams", body: #"{"title": "x"}"#, fields: fields)
        #expect(answer.status == 201)
    }

    @Test(arguments: ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=utf-8"])
    func `the type may have parameters and any case`(type: String) async throws {
        let answer = try await TestAPI().send(
            .post, "/streams", body: #"{"title": "x"}"#, fields: [("content-type", type)])
        #expect(answer.status == 201)
    }

    @Test func `a body above the limit is refused`() async throws {
        let body = #"{"title": "x"}"# + String(repeating: " ", count: JSONBody.bytesMax)
        try await TestAPI().send(.post, "/streams", body: body).expectProblem(413, "body_too_large")
    }

    @Test func `deep nesting is refused, not followed`() async throws {
        let body = #"{"title": "# + String(repeating: "[", count: 30_000)
        let answer = try await TestAPI().send(.post, "/streams", body: body)
        answer.expectProblem(400, "malformed_body")
    }
}
