import Bytes
import StreamingCore
import Testing

@testable import S3Backend

/// The examples that AWS publishes: those of "Signature Calculations for the Authorization Header" of S3, and those of
/// the test suite of Signature Version 4 that have nothing to do with other services' paths.
@Suite struct SignatureV4Tests {
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let host = (name: "Host", value: "examplebucket.s3.amazonaws.com")
    private static let s3 = SignatureV4(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1", service: "s3")
    private static let suite = SignatureV4(
        accessKey: "AKIDEXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), region: "us-east-1",
        service: "service")

    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let signer: SignatureV4
        let time: String
        let request: SignatureV4.Request
        let signature: String
    }

    static let examples = [
        Example(
            testDescription: "S3: GET with a range", signer: s3, time: "20130524T000000Z",
            request: .init(
                method: "GET", path: "/test.txt",
                fields: [
                    host, ("Range", "bytes=0-9"), ("x-amz-content-sha256", empty), ("x-amz-date", "20130524T000000Z"),
                ], payloadHash: empty),
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Example(
            testDescription: "S3: PUT of a name with a dollar sign", signer: s3, time: "20130524T000000Z",
            request: .init(
                method: "PUT", path: "/" + PercentEncoding.text("test$file.text", keepsSlashes: true),
                fields: [
                    host, ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-date", "20130524T000000Z"),
                    ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                    ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
                ], payloadHash: Hexadecimal.text(of: SHA256.hash(Bytes(utf8: "Welcome to Amazon S3.")))),
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Example(
            testDescription: "S3: a query without a value", signer: s3, time: "20130524T000000Z",
            request: .init(
                method: "GET", path: "/", query: [("lifecycle", "")],
                fields: [host, ("x-amz-content-sha256", empty), ("x-amz-date", "20130524T000000Z")],
                payloadHash: empty),
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Example(
            testDescription: "S3: a list", signer: s3, time: "20130524T000000Z",
            request: .init(
                method: "GET", path: "/", query: [("prefix", "J"), ("max-keys", "2")],
                fields: [host, ("x-amz-content-sha256", empty), ("x-amz-date", "20130524T000000Z")],
                payloadHash: empty),
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        vanilla(
            "get-vanilla", "GET",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        vanilla(
            "get-vanilla-query-order-key-case", "GET", query: [("Param2", "value2"), ("Param1", "value1")],
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        vanilla(
            "post-vanilla", "POST",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ]

    private static func vanilla(
        _ name: String, _ method: String, query: [(name: String, value: String)] = [], signature: String
    ) -> Example {
        Example(
            testDescription: name, signer: suite, time: "20150830T123600Z",
            request: .init(
                method: method, path: "/", query: query,
                fields: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")], payloadHash: empty),
            signature: signature)
    }

    @Test(arguments: examples) func `signs as the published examples do`(_ example: Example) {
        let authorization = example.signer.authorization(for: example.request, at: example.time)
        #expect(authorization.hasSuffix("Signature=\(example.signature)"), "\(authorization)")
    }

    @Test func `the canonical request is the published one`() {
        #expect(
            SignatureV4.canonicalRequest(Self.examples[0].request) == """
                GET
                /test.txt

                host:examplebucket.s3.amazonaws.com
                range:bytes=0-9
                x-amz-content-sha256:\(Self.empty)
                x-amz-date:20130524T000000Z

                host;range;x-amz-content-sha256;x-amz-date
                \(Self.empty)
                """)
    }

    @Test func `the string to sign and the scope are the published ones`() {
        let canonical = SignatureV4.canonicalRequest(Self.examples[0].request)
        #expect(
            Self.s3.stringToSign(canonical, at: "20130524T000000Z") == """
                AWS4-HMAC-SHA256
                20130524T000000Z
                20130524/us-east-1/s3/aws4_request
                7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972
                """)
        let authorization = Self.s3.authorization(for: Self.examples[0].request, at: "20130524T000000Z")
        #expect(
            authorization.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                    + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature="))
    }

    @Test func `spaces in values are collapsed and names sorted in lower case`() {
        let request = SignatureV4.Request(
            method: "GET", path: "/", fields: [("X-B", "  a   b "), ("host", "h"), ("X-A", "1")], payloadHash: "p")
        #expect(SignatureV4.canonicalRequest(request) == "GET\n/\n\nhost:h\nx-a:1\nx-b:a b\n\nhost;x-a;x-b\np")
    }

    @Test func `queries are sorted by name and then by value, after encoding`() {
        #expect(PercentEncoding.query([("b", "2"), ("a", "z"), ("a", "b c"), ("a/", "")]) == "a=b%20c&a=z&a%2F=&b=2")
    }

    @Test func `all but unreserved characters are encoded, slashes only in queries`() {
        #expect(PercentEncoding.text("a-b_c.d~e/f g+h%é", keepsSlashes: true) == "a-b_c.d~e/f%20g%2Bh%25%C3%A9")
        #expect(PercentEncoding.text("a/b=c&d") == "a%2Fb%3Dc%26d")
    }

    @Test func `a time is written without separators and milliseconds`() {
        #expect(SignatureV4.timestamp(of: WallTime(unixMilliseconds: 1_369_353_600_999)) == "20130524T000000Z")
    }

    /// RFC 1321, A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "d174ab98d277d9f5a5611c2c9f419d9f"
        ),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ])
    func `MD5 is that of the RFC`(_ text: String, _ digest: String) {
        #expect(Hexadecimal.text(of: MD5.hash(Bytes(utf8: text))) == digest)
    }

    /// RFC 4648, 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ])
    func `Base64 is that of the RFC`(_ text: String, _ encoded: String) {
        #expect(Base64.text(of: Bytes(utf8: text)) == encoded)
    }
}
