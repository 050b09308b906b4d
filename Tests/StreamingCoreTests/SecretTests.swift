import Bytes
import StreamingCore
import Testing

@Suite struct SecretTests {
    @Test func `a secret does not print`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])", dumped] {
            #expect(!text.contains("hunter2"))
        }
        #expect(secret.reveal() == "hunter2")
    }

    @Test(arguments: [
        ("", "", true), ("a", "a", true), ("a", "b", false), ("a", "", false), ("", "a", false), ("ab", "a", false),
        ("ab", "ac", false), ("é", "e\u{301}", false),
    ])
    func `two secrets are equal when their bytes are`(left: String, right: String, areEqual: Bool) {
        #expect((Secret(left) == Secret(right)) == areEqual)
    }

    @Test func `keys are 32 characters of an alphabet without look-alikes, and differ`() {
        var seen: Set<String> = []
        var counts: [Character: Int] = [:]
        for _ in 0..<2000 {
            let key = StreamKey.makeText().reveal()
            #expect(key.count == 32 && key.utf8.count == 32)
            for character in key { counts[character, default: 0] += 1 }
            seen.insert(key)
        }
        #expect(seen.count == 2000)
        #expect(counts.count == 32)
        #expect(Set("il10o").isDisjoint(with: counts.keys) || !counts.keys.contains("l"))
        // 64,000 characters: each of the 32 comes 2,000 times, give or take.
        for (character, count) in counts { #expect((1700...2300).contains(count), "\(character)") }
    }

    @Test func `the digest of a key is its SHA-256`() {
        #expect(
            StreamKey.digest(of: Secret("abc")).array.prefix(4) == [0xba, 0x78, 0x16, 0xbf])
        #expect(StreamKey.digest(of: Secret("abc")).count == SHA256.digestBytes)
    }
}
