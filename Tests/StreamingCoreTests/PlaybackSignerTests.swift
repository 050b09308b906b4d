import Bytes
import StreamingCore
import Testing

@Suite struct PlaybackSignerTests {
    private let signer = PlaybackSigner(Secret("a secret that is long enough"))
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_000_000_000))
    private let now = WallTime(unixMilliseconds: 1_795_435_201_000)

    @Test func `a signature is good for its stream and for nothing else`() {
        let end = signer.end(after: 3_600_000, from: now)
        let signature = signer.signature(for: stream, until: end)
        #expect(signer.end(of: signature, for: stream) == end)
        #expect(signer.end(of: signature, for: StreamID(at: now)) == nil)
        #expect(PlaybackSigner(Secret("another secret")).end(of: signature, for: stream) == nil)
    }

    @Test func `those who come within five minutes get the same address`() {
        let end = signer.end(after: 60_000, from: now)
        #expect(end.unixMilliseconds % 300_000 == 0)
        #expect(end.unixMilliseconds - now.unixMilliseconds >= 60_000)
        #expect(signer.end(after: 61_000, from: now) == end)
        #expect(signer.end(after: 0, from: end) == end)
    }

    @Test func `nothing about a signature can be changed`() {
        let signature = Array(signer.signature(for: stream, until: now).utf8)
        for index in signature.indices {
            for byte in [UInt8(ascii: "0"), UInt8(ascii: "A"), UInt8(ascii: "-"), 0xC3] where signature[index] != byte {
                var changed = signature
                changed[index] = byte
                #expect(signer.end(of: String(decoding: changed, as: UTF8.self), for: stream) == nil)
            }
            #expect(signer.end(of: String(decoding: signature[..<index], as: UTF8.self), for: stream) == nil)
        }
        let text = String(decoding: signature, as: UTF8.self)
        for other in ["~0" + text.dropFirst(), "~+" + text.dropFirst(), text + "A", text + "=", "~-", "~", "", "~-5-A"]
        {
            #expect(signer.end(of: other, for: stream) == nil, "\(other)")
        }
    }

    // MARK: Tokens

    private func token(_ claims: String, header: String = #"{"alg":"HS256","typ":"JWT"}"#, secret: String? = nil)
        -> String
    {
        let text = [header, claims].map { Base64URL.encode(Bytes(utf8: $0)) }.joined(separator: ".")
        let key = Bytes(utf8: secret ?? "a secret that is long enough")
        return text + "." + Base64URL.encode(SHA256.authenticationCode(for: Bytes(utf8: text), key: key))
    }

    private func end(_ token: String) throws(PlaybackTokenFailure) -> WallTime {
        try signer.end(ofToken: token, for: stream, at: now)
    }

    @Test func `a token for the stream, for it among others, or for all is good`() throws {
        let end = WallTime(unixMilliseconds: 1_795_440_000_000)
        for audience in [
            #""stream":"\#(stream)""#, #""aud":"\#(stream)""#, #""aud":["x","\#(stream)"]"#, #""stream":"*""#,
            #""stream":"\#("\(stream)".uppercased())""#,
        ] {
            #expect(try self.end(token(#"{"exp":1795440000,"nbf":1795435201,"sub":"me",\#(audience)}"#)) == end)
        }
    }

    @Test func `the token of RFC 7515, A 1, is read`() throws {
        // Its key, its text; it is signed as it should be, and ended in 2011.
        let key = try #require(
            Base64URL.decode(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
        let text =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let signature = Base64URL.encode(SHA256.authenticationCode(for: Bytes(utf8: text), key: key))
        #expect(signature == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    }

    @Test func `any other token is refused`() {
        let good = #"{"exp":1795440000,"stream":"\#(stream)"}"#
        func refusal(_ token: String) -> PlaybackTokenFailure? {
            do throws(PlaybackTokenFailure) {
                _ = try end(token)
                return nil
            } catch { return error }
        }
        #expect(refusal(token(good)) == nil)
        #expect(refusal(token(good, secret: "another one")) == .signature)
        #expect(refusal(token(good, header: #"{"alg":"none"}"#)) == .algorithm)
        #expect(refusal(token(good, header: #"{"alg":"RS256"}"#)) == .algorithm)
        #expect(refusal(token(good, header: #"{"alg":"HS256","crit":["b64"]}"#)) == .malformed)
        #expect(refusal(token(good, header: "[]")) == .malformed)
        #expect(refusal(token(#"{"exp":1795435201,"stream":"*"}"#)) == .time)
        #expect(refusal(token(#"{"exp":1795440000,"nbf":1795435202,"stream":"*"}"#)) == .time)
        #expect(refusal(token(#"{"exp":1e300,"stream":"*"}"#)) == .time)
        #expect(refusal(token(#"{"stream":"*"}"#)) == .malformed)
        #expect(refusal(token(#"{"exp":"1795440000","stream":"*"}"#)) == .malformed)
        #expect(refusal(token(#"{"exp":1795440000}"#)) == .stream)
        #expect(refusal(token(#"{"exp":1795440000,"aud":[]}"#)) == .stream)
        #expect(refusal(token(#"{"exp":1795440000,"stream":"\#(StreamID(at: now))"}"#)) == .stream)
        let whole = token(good)
        let unsigned = whole.split(separator: ".").prefix(2).joined(separator: ".")
        for text in ["", ".", "..", "a.b.c", unsigned, unsigned + ".", whole + ".x", whole + "=", " " + whole] {
            #expect(refusal(text) != nil, "\(text)")
        }
        #expect(refusal(String(repeating: "A", count: 100_000)) == .malformed)
        #expect(refusal(token(String(repeating: "[", count: 2000))) == .malformed)
    }
}
