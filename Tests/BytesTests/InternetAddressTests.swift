import Bytes
import Testing

@Suite struct InternetAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:C000:0201", "192.0.2.1"), ("::", "::"), ("::1", "::1"),
        ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1::", "1::"),
        ("0:0:0:0:0:0:0:0", "::"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func `an address has one spelling`(text: String, spelling: String) throws {
        let address = try #require(InternetAddress(text))
        #expect(address.description == spelling)
        #expect(InternetAddress(spelling) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "1.2.3.-4", "+1.2.3.4", "a.b.c.d", ":",
        ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::",
        "fe80::1%eth0", "[::1]", "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::+1", "localhost",
        "1:2:3:4:5:6:7:8888888888888888888888888888888888888888888",
    ])
    func `anything else is none`(text: String) { #expect(InternetAddress(text) == nil) }

    @Test func `prefixes hold what begins like them`() throws {
        func holds(_ prefix: String, _ address: String) throws -> Bool {
            try #require(AddressPrefix(prefix)).contains(try #require(InternetAddress(address)))
        }
        #expect(try holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"))
        #expect(try holds("10.0.0.0/8", "::ffff:10.1.2.3"))
        #expect(try holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"))
        #expect(try holds("0.0.0.0/0", "1.2.3.4") && !holds("0.0.0.0/0", "2001:db8::1"))
        #expect(try holds("::/0", "1.2.3.4") && holds("::/0", "2001:db8::1"))
        #expect(try holds("2001:db8::/33", "2001:db8:7fff::1") && !holds("2001:db8::/33", "2001:db8:8000::1"))
        #expect(try holds("2001:db8::/64", "2001:db8::ffff:1") && !holds("2001:db8::/64", "2001:db8:0:1::1"))
        for text in ["10.0.0.0/33", "10.0.0.1/8", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "10.0.0.0/8/8", "x"] {
            #expect(AddressPrefix(text) == nil, "\(text)")
        }
    }

    /// Whatever is read must be the same when it is written and read again.
    @Test func `mutated addresses are refused or stay the same`() {
        var random = SystemSeeded(state: 42)
        let alphabet = Array("0123456789abcdefABCDEF:.:.:%[]/ ".utf8)
        for _ in 0..<20_000 {
            var text = Array(["2001:db8::1", "::ffff:1.2.3.4", "192.0.2.77"].randomElement(using: &random)!.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                text[Int.random(in: 0..<text.count, using: &random)] = alphabet.randomElement(using: &random)!
            }
            guard let address = InternetAddress(String(decoding: text, as: UTF8.self)) else { continue }
            #expect(InternetAddress(address.description) == address)
        }
    }
}

@Suite struct Base64URLTests {
    @Test(arguments: [
        ([UInt8](), ""), ([0x66], "Zg"), ([0x66, 0x6F], "Zm8"), ([0x66, 0x6F, 0x6F], "Zm9v"),
        ([0xFB, 0xFF, 0xFE], "-__-"),
    ])
    func `bytes become text and back`(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(Bytes(bytes)) == text)
        #expect(Base64URL.decode(text) == Bytes(bytes))
    }

    @Test(arguments: ["Z", "Zg==", "Zh", "Zm9", "+/+/", "Zm 9", "Zm9vY"])
    func `what no bytes give is refused`(text: String) { #expect(Base64URL.decode(text) == nil) }
}

/// Numbers that are the same at each run.
private struct SystemSeeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
