import Bytes
import HTTP
import Testing

@testable import DeliveryService

@Suite struct ViewerCallerTests {
    private func request(
        _ query: String = "", _ fields: HTTPFields = HTTPFields(), from peer: String = "10.0.0.1"
    ) -> HTTPRequest {
        HTTPRequest(method: .get, path: "/", query: query, fields: fields, peerAddress: peer)
    }

    private func token(_ request: HTTPRequest) -> String { ViewerCaller(request, salt: 1).token(request) }

    @Test func `the first name in the order counts`() {
        let cookie: HTTPFields = ["cookie": "a=b; sluice_viewer=cookie1; c=d", "user-agent": "p"]
        var measured = cookie
        measured.append("cmcd-session", "sid=\"player1\"")
        #expect(token(request("session=page1&CMCD=sid%3D%22player2%22", cookie)) == "player2")
        #expect(token(request("session=page1", measured)) == "player1")
        #expect(token(request("session=page1", cookie)) == "page1")
        #expect(token(request("", cookie)) == "cookie1")
        #expect(token(request("", ["user-agent": "p"])) == "\n10.0.0.1\np")
        #expect(token(request()) == "\n10.0.0.1\n")
    }

    @Test func `who shows the same name is the same, wherever it stands and whoever asks`() {
        let named = [
            request("session=abc"), request("CMCD=sid%3D%22abc%22", from: "10.0.0.2"),
            request("", ["cookie": "sluice_viewer=abc"]), request("", ["cmcd-session": "sid=\"abc\""]),
        ]
        let fingerprints = Set(named.map { ViewerCaller($0, salt: 1).fingerprint })
        #expect(fingerprints == [ViewerCaller.fingerprint(of: "abc", salt: 1)])
        #expect(Set(named.map(token)) == ["abc"])
        #expect(ViewerCaller(named[0], salt: 2).fingerprint != ViewerCaller(named[0], salt: 1).fingerprint)
    }

    @Test func `without a name, address and player tell viewers apart`() {
        let requests = [
            request("", ["user-agent": "p"]), request("", ["user-agent": "q"]),
            request("", ["user-agent": "p"], from: "10.0.0.2"), request(),
        ]
        #expect(Set(requests.map { ViewerCaller($0, salt: 1).fingerprint }).count == requests.count)
        #expect(Set(requests.map(token)).count == requests.count)
    }

    @Test(arguments: ["x-forwarded-for", "forwarded", "x-real-ip"])
    func `nobody is many viewers by what he writes of his address`(field: String) {
        var written = request("", ["user-agent": "p"])
        let plain = ViewerCaller(written, salt: 1)
        for address in ["192.0.2.1", "for=192.0.2.2"] {
            written.fields.set(field, address)
            #expect(ViewerCaller(written, salt: 1).fingerprint == plain.fingerprint)
            #expect(token(written) == "\n10.0.0.1\np")
        }
    }

    @Test(arguments: [
        "sluice_viewer=", "sluice_viewer", "sluice_viewer=a b", "sluice_viewer=<script>", "sluice_viewer=ä",
        "xsluice_viewer=a", "Sluice_viewer=a", "sluice_viewer=\"a\"", ";;;;", "=", "sluice_viewer=a\u{1}",
        "sluice_viewer=0123456789012345678901234567890123456789012345678901234567890123456789",
    ])
    func `a cookie that is none of ours is no name`(cookie: String) {
        #expect(token(request("", ["cookie": cookie])) == "\n10.0.0.1\n")
    }

    @Test(arguments: ["", "a b", "a%20b", "a/b", "%", "a\"b", "a&b=1", "ä", String(repeating: "a", count: 65)])
    func `a parameter that is no name is none`(name: String) {
        let found = ViewerCaller.parameter(of: request("session=\(name)"))
        if name == "a&b=1" { #expect(found == "a") } else { #expect(found == nil) }
    }

    @Test func `a name that we give is one, and another every time`() {
        let names = (0..<100).map { _ in ViewerCaller.freshName() }
        #expect(Set(names).count == 100)
        #expect(names.allSatisfy { $0.utf8.count == 32 && ViewerCaller.isName($0) })
    }
}
