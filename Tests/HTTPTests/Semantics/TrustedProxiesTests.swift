import Bytes
import HTTP
import Testing

@Suite struct TrustedProxiesTests {
    private func client(
        peer: String = "10.0.0.1", trusting prefixes: [String] = ["10.0.0.0/8", "2001:db8:1::/48"],
        _ fields: HTTPFields
    ) -> String {
        TrustedProxies(prefixes.compactMap { AddressPrefix($0) }).client(
            of: HTTPRequest(method: .get, path: "/", fields: fields, peerAddress: peer))
    }

    @Test(arguments: [
        ("203.0.113.9", "203.0.113.9"), ("198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2", "203.0.113.9"), ("203.0.113.9,10.1.1.1,10.0.0.2", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"), ("2001:DB8:2::1", "2001:db8:2::1"),
        ("[2001:db8:2::1]:443", "2001:db8:2::1"), ("203.0.113.9, 2001:db8:1::7", "203.0.113.9"),
        // All are ours: the one that is farthest away.
        ("10.0.0.9, 10.0.0.2", "10.0.0.9"),
        // What is no address hides who asked: the one that says so stands for him.
        ("unknown, 10.0.0.2", "10.0.0.2"), ("203.0.113.9, unknown", "10.0.0.1"), ("", "10.0.0.1"),
        (",,,", "10.0.0.1"), ("203.0.113.9,", "10.0.0.1"), ("203.0.113.9:99999", "10.0.0.1"),
        ("[203.0.113.9", "10.0.0.1"), ("::ffff:203.0.113.9", "203.0.113.9"),
    ])
    func `the first address from the right that is not ours is the client's`(field: String, expected: String) {
        #expect(client(["x-forwarded-for": field]) == expected)
    }

    @Test(arguments: [
        ("for=203.0.113.9", "203.0.113.9"), ("For=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
        (#"for="[2001:db8:2::1]:4711""#, "2001:db8:2::1"), (#"for="203.0.113.9:80", for=10.0.0.2"#, "203.0.113.9"),
        (#"for=192.0.2.9;ext="a,b;for=1.1.1.1", for=10.0.0.2"#, "192.0.2.9"), ("for=_hidden", "10.0.0.1"),
        ("proto=https", "10.0.0.1"), (#"for="203.0.113.9"#, "10.0.0.1"), ("for=192.0.2.1, for=unknown", "10.0.0.1"),
        (#"by="\",for=1.1.1.1", for=203.0.113.9"#, "203.0.113.9"),
    ])
    func `Forwarded says the same`(field: String, expected: String) {
        #expect(client(["forwarded": field]) == expected)
    }

    @Test func `a peer that is no proxy is believed nothing`() {
        let fields: HTTPFields = ["x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9"]
        #expect(client(peer: "192.0.2.1", fields) == "192.0.2.1")
        #expect(client(trusting: [], fields) == "10.0.0.1")
        #expect(client(peer: "", fields) == "")
    }

    @Test func `lines of one field are one list`() {
        #expect(client(["x-forwarded-for": "1.1.1.1, 203.0.113.9", "X-Forwarded-For": "10.0.0.2"]) == "203.0.113.9")
    }

    @Test func `fields that disagree are not believed`() {
        #expect(client(["x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9"]) == "203.0.113.9")
        #expect(client(["x-forwarded-for": "203.0.113.9", "forwarded": "for=198.51.100.1"]) == "10.0.0.1")
    }

    @Test func `a list without an end costs no more than a short one`() {
        let list = "203.0.113.9, " + Array(repeating: "10.0.0.2", count: 1000).joined(separator: ", ")
        #expect(client(["x-forwarded-for": list]) == "10.0.0.2")
        #expect(client(["forwarded": String(repeating: "\"", count: 10_001)]) == "10.0.0.1")
    }
}
