import Bytes
import HTTP
import Testing

@Suite struct RouterTests {
    private func router(cors: CORSPolicy? = nil) -> Router {
        var router = Router(cors: cors)
        let names: [(HTTPMethod, String)] = [
            (.get, "/"), (.get, "/streams"), (.post, "/streams"), (.get, "/streams/{id}"), (.delete, "/streams/{id}"),
            (.get, "/streams/live"), (.get, "/streams/{id}/keys/{key_id}"), (.get, "/streams/live/only"),
            (.get, "/assets/{path...}"), (.get, "/assets/index.html"), (.options, "/own"),
        ]
        for (method, pattern) in names {
            router.on(method, pattern) { _, parameters in
                let captured = pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map {
                    parameters[String($0.filter { $0.isLetter || $0 == "_" })]
                }
                let text = "\(method.rawValue) \(pattern) \(captured.joined(separator: ","))"
                return HTTPResponse(.ok, body: .shared([Bytes(utf8: text)]))
            }
        }
        return router
    }

    private func answer(_ method: HTTPMethod, _ path: String, _ router: Router? = nil) async -> (
        Int, String, HTTPFields
    ) {
        let response = await (router ?? self.router()).respond(to: HTTPRequest(method: method, path: path))
        var text = ""
        if case .shared(let buffers) = response.body { text = buffers.map(\.string).joined() }
        return (response.status.code, text, response.fields)
    }

    @Test(arguments: [
        (HTTPMethod.get, "/", "GET / "), (.get, "/streams", "GET /streams "), (.post, "/streams", "POST /streams "),
        (.get, "/streams/42", "GET /streams/{id} 42"), (.delete, "/streams/a b", "DELETE /streams/{id} a b"),
        (.get, "/streams/live", "GET /streams/live "), (.get, "/streams/live/only", "GET /streams/live/only "),
        (.get, "/streams/live/keys/7", "GET /streams/{id}/keys/{key_id} live,7"),
        (.get, "/assets/js/app.js", "GET /assets/{path...} js/app.js"),
        (.get, "/assets/index.html", "GET /assets/index.html "),
        (.get, "/assets/index.html/x", "GET /assets/{path...} index.html/x"),
        (.head, "/streams/42", "GET /streams/{id} 42"),
        (.options, "/own", "OPTIONS /own "),
    ])
    func `finds the handler`(method: HTTPMethod, path: String, expected: String) async {
        let (status, text, _) = await answer(method, path)
        #expect(status == 200)
        #expect(text == expected)
    }

    @Test(arguments: [
        "/nothing", "/streams/", "/streams//keys/1", "/streams/1/keys", "/assets", "/assets/", "", "//", "/Streams",
    ])
    func `404 for what is not there`(path: String) async {
        let (status, text, fields) = await answer(.get, path)
        #expect(status == 404)
        #expect(text == #"{"type":"about:blank","title":"Not Found","status":404}"#)
        #expect(fields["content-type"] == "application/problem+json")
    }

    @Test func `405 tells what is allowed`() async {
        let (status, _, fields) = await answer(.put, "/streams")
        #expect(status == 405)
        #expect(fields["allow"] == "GET, HEAD, POST, OPTIONS")
        #expect(await answer(.head, "/own").0 == 405)
    }

    @Test func `OPTIONS tells what is allowed`() async {
        let (status, _, fields) = await answer(.options, "/streams/1")
        #expect(status == 204)
        #expect(fields["allow"] == "GET, HEAD, DELETE, OPTIONS")
        #expect(await answer(.options, "*").0 == 204)
        #expect(await answer(.options, "/nothing").0 == 404)
    }

    @Test func `a preflight is answered by the policy`() async {
        let request = HTTPRequest(
            method: .options, path: "/streams/1",
            fields: ["origin": "https://a.example", "access-control-request-method": "DELETE"])
        let response = await router(cors: CORSPolicy()).respond(to: request)
        #expect(response.status == .noContent)
        #expect(response.fields["access-control-allow-origin"] == "*")
        #expect(response.fields["access-control-allow-methods"] == "GET, HEAD, DELETE, OPTIONS")
        #expect(response.fields["access-control-allow-headers"]?.contains("CMCD-Session") == true)
        #expect(response.fields["access-control-max-age"] == "7200")
    }

    @Test func `errors too can be read by a page`() async {
        let (status, _, fields) = await answer(.get, "/nothing", router(cors: CORSPolicy()))
        #expect(status == 404)
        #expect(fields["access-control-allow-origin"] == "*")
        #expect(fields["access-control-expose-headers"]?.contains("Date") == true)
    }

    @Test func `only approved origins when there is a list`() {
        let policy = CORSPolicy(.listed(["https://a.example", "https://b.example"]))
        for (origin, isApproved) in [("https://b.example", true), ("https://evil.example", false), (nil, false)] {
            let fields = origin.map { ["origin": $0] as HTTPFields } ?? [:]
            let request = HTTPRequest(method: .get, path: "/", fields: fields)
            var response = HTTPResponse(.ok)
            policy.apply(to: &response, for: request)
            #expect(response.fields["access-control-allow-origin"] == (isApproved ? origin : nil))
            #expect(response.fields["vary"] == "Origin")
            #expect(response.fields.contains("access-control-expose-headers") == isApproved)
            let preflight = policy.preflightResponse(to: request, methods: [.get])
            #expect(preflight.status == .noContent)
            #expect(preflight.fields.contains("access-control-allow-methods") == isApproved)
        }
    }
}
