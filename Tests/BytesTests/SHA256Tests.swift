import Bytes
import Testing

@Suite struct SHA256Tests {
    private func hex(_ bytes: Bytes) -> String {
        bytes.map { (String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)) }.joined()
    }

    /// FIPS 180-4 examples, and lengths around a block's border against independently computed digests.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    ]) func `digests match the published ones`(message: String, digest: String) {
        #expect(hex(SHA256.hash(Bytes(utf8: message))) == digest)
    }

    /// RFC 4231, test cases 2 and 6.
    @Test func `authentication codes match the published ones`() {
        #expect(
            hex(SHA256.authenticationCode(for: Bytes(utf8: "what do ya want for nothing?"), key: Bytes(utf8: "Jefe")))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = Bytes([UInt8](repeating: 0xaa, count: 131))
        #expect(
            hex(
                SHA256.authenticationCode(
                    for: Bytes(utf8: "Test Using Larger Than Block-Size Key - Hash Key First"), key: long))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }
}
