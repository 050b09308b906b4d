import Bytes
import FoundationEssentials

/// Why a token lets nobody play.
public enum PlaybackTokenFailure: Error, Sendable, Equatable {
    /// It is no JSON Web Token that we understand.
    case malformed
    /// It is signed otherwise than with HMAC-SHA-256.
    case algorithm
    case signature
    /// It has ended, or not begun.
    case time
    /// It is for another stream.
    case stream
}

/// A JSON Web Token (RFC 7519) that is signed with HMAC-SHA-256 (RFC 7515, 7518).
///
/// ```
///  base64url({"alg": "HS256"}).base64url({"exp": …, "nbf": …, "stream": "…"}).base64url(HMAC)
/// ```
/// `exp` must be there. `stream`, or `aud` or one of `aud`, must be the stream's id, or `*` for all of them. Other
/// claims, `sub` among them, mean nothing here.
struct PlaybackToken {
    /// Longer ones are refused unread.
    static let bytesMax = 4096

    private struct Header: Decodable {
        let alg: String
        /// What must be understood; nothing of that kind is.
        let crit: [String]?
    }

    private struct Claims: Decodable {
        let exp: Double
        let nbf: Double?
        let stream: String?
        let aud: Audience?
    }

    private struct Audience: Decodable {
        let names: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            names = try (try? [container.decode(String.self)]) ?? container.decode([String].self)
        }
    }

    private let claims: Claims

    /// Reads a token whose signature is good.
    init(_ text: String, key: Bytes) throws(PlaybackTokenFailure) {
        guard text.utf8.count <= Self.bytesMax else { throw .malformed }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let shown = Base64URL.decode(parts[2]) else { throw .malformed }
        let header = try Self.read(Header.self, parts[0])
        guard header.alg == "HS256" else { throw .algorithm }
        guard header.crit == nil else { throw .malformed }
        let signed = SHA256.authenticationCode(for: Bytes(utf8: "\(parts[0]).\(parts[1])"), key: key)
        guard Self.isSame(signed, shown) else { throw .signature }
        claims = try Self.read(Claims.self, parts[1])
    }

    private static func read<Value: Decodable>(
        _: Value.Type, _ part: Substring
    ) throws(PlaybackTokenFailure) -> Value {
        guard let bytes = Base64URL.decode(part),
            let value = try? JSONDecoder().decode(Value.self, from: Data(bytes.array))
        else { throw .malformed }
        return value
    }

    /// In a time that does not tell where they differ.
    private static func isSame(_ left: Bytes, _ right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Until when it is good for a stream.
    func end(for stream: StreamID, at now: WallTime) throws(PlaybackTokenFailure) -> WallTime {
        let seconds = Double(now.unixMilliseconds) / 1000
        // Times beyond the year 9999 are none that anybody means.
        guard claims.exp > seconds, claims.exp < 253_402_300_800, claims.nbf.map({ $0 <= seconds }) ?? true else {
            throw .time
        }
        let names = (claims.stream.map { [$0] } ?? []) + (claims.aud?.names ?? [])
        guard names.contains(where: { $0 == "*" || StreamID($0) == stream }) else { throw .stream }
        return WallTime(unixMilliseconds: Int64(claims.exp) * 1000)
    }
}
