import Bytes
import StreamingCore

// AWS Signature Version 4, in the Authorization field
//
// canonical request                           string to sign                  key
// PUT                                         AWS4-HMAC-SHA256                HMAC(HMAC(HMAC(HMAC("AWS4" + secret,
// /bucket/stream/source/segment-17.m4s        20261123T120000Z                  20261123), eu-west-1), s3),
// list-type=2&prefix=a%2F      sorted         20261123/eu-west-1/s3/…           aws4_request)
// host:127.0.0.1:9000          sorted         SHA-256 of the canonical
// x-amz-date:20261123T120000Z                 request                         signature = HMAC(key, string to sign)
//
// host;x-amz-date
// UNSIGNED-PAYLOAD, or SHA-256 of the body

/// Signs requests: text in, text out.
struct SignatureV4: Sendable {
    /// Stands for the hash of a body that is not signed.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256"

    let accessKey: String
    let secretKey: Secret
    let region: String
    /// `s3`; the published test vectors have others.
    let service: String

    /// What is signed of a request.
    struct Request: Sendable {
        var method: String
        /// Percent-encoded, with a slash at its beginning. For S3 it stands as it is: neither normalised nor encoded
        /// again.
        var path: String
        /// Not encoded, in any order.
        var query: [(name: String, value: String)] = []
        /// All that are to be signed, `host` among them, in any order.
        var fields: [(name: String, value: String)] = []
        /// ``unsignedPayload``, or the SHA-256 of the body in hexadecimal.
        var payloadHash: String
    }

    /// The value of the `Authorization` field.
    ///
    /// - Parameter time: As it stands in `x-amz-date`, see ``timestamp(of:)``.
    func authorization(for request: Request, at time: String) -> String {
        let date = String(time.prefix(8))
        let canonical = Self.canonicalRequest(request)
        let text = stringToSign(canonical, at: time)
        let signature = Hexadecimal.text(of: SHA256.authenticationCode(for: Bytes(utf8: text), key: key(on: date)))
        return "\(Self.algorithm) Credential=\(accessKey)/\(scope(on: date)), "
            + "SignedHeaders=\(Self.signedNames(request.fields)), Signature=\(signature)"
    }

    func stringToSign(_ canonicalRequest: String, at time: String) -> String {
        let hash = Hexadecimal.text(of: SHA256.hash(Bytes(utf8: canonicalRequest)))
        return "\(Self.algorithm)\n\(time)\n\(scope(on: String(time.prefix(8))))\n\(hash)"
    }

    static func canonicalRequest(_ request: Request) -> String {
        let fields = sorted(request.fields).map { "\($0.name):\($0.value)\n" }.joined()
        return [
            request.method, request.path, PercentEncoding.query(request.query), fields, signedNames(request.fields),
            request.payloadHash,
        ].joined(separator: "\n")
    }

    /// A time as signatures have it: `20261123T120000Z`.
    static func timestamp(of time: WallTime) -> String {
        time.description.prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" } + "Z"
    }

    /// The key of a day, a region and a service.
    private func key(on date: String) -> Bytes {
        [date, region, service, "aws4_request"].reduce(Bytes(utf8: "AWS4" + secretKey.reveal())) { key, text in
            SHA256.authenticationCode(for: Bytes(utf8: text), key: key)
        }
    }

    private func scope(on date: String) -> String { "\(date)/\(region)/\(service)/aws4_request" }

    private static func signedNames(_ fields: [(name: String, value: String)]) -> String {
        sorted(fields).map(\.name).joined(separator: ";")
    }

    /// In lower case and in order, with the spaces of the values collapsed.
    private static func sorted(_ fields: [(name: String, value: String)]) -> [(name: String, value: String)] {
        fields.map { field in
            (field.name.lowercased(), field.value.split(separator: " ").joined(separator: " "))
        }.sorted { $0.0 < $1.0 }
    }
}

/// Bytes as text.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(of bytes: Bytes) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
