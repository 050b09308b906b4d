import Bytes

// C1 and S1 with a digest: one of two places, found from four bytes that are summed up
//
//   scheme   | 0 .. 3 | 4 .. 7  | 8 .. 771                     | 772 .. 1535                  |
//   keyFirst | time   | version | Diffie-Hellman key, unused   | offset (4) .. digest (32) .. |
//   digestFirst       |         | offset (4) .. digest (32) .. | key, unused                  |
//
// The digest is the HMAC-SHA256 of the 1504 bytes around it. S2 and C2 are 1504 random bytes and an HMAC of them, keyed
// by the HMAC of the peer's digest.

/// The digests that Adobe's players and servers put into the handshake, which newer clients of theirs insist on.
enum HandshakeDigest {
    /// Where in C1 or S1 the digest lies.
    enum Scheme: CaseIterable {
        case digestFirst
        case keyFirst

        /// The position of the four bytes that say where the digest is.
        var offsetPosition: Int {
            switch self {
            case .digestFirst: 8
            case .keyFirst: 772
            }
        }

        /// The position of the digest, at most 728 + 4 bytes behind `offsetPosition`.
        func digestPosition(in packet: Bytes) -> Int {
            let sum = (0..<4).reduce(0) { $0 + Int(packet[offsetPosition + $1]) }
            return offsetPosition + 4 + sum % 728
        }
    }

    /// Whose digest: the keys are constants of the protocol.
    enum Side {
        case client
        case server

        private var name: String {
            switch self {
            case .client: "Genuine Adobe Flash Player 001"
            case .server: "Genuine Adobe Flash Media Server 001"
            }
        }

        /// The key of the digest in C1 or S1: the name alone.
        var shortKey: Bytes { Bytes(utf8: name) }

        /// The key of the digest in C2 or S2.
        var longKey: Bytes { Bytes(Array(name.utf8) + HandshakeDigest.keySuffix) }
    }

    private static let keySuffix: [UInt8] = [
        0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57,
        0x6E, 0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
    ]

    /// The scheme and the digest of a C1 or S1, or `nil` when neither place holds a valid one.
    static func verified(_ packet: Bytes, from side: Side) -> (scheme: Scheme, digest: Bytes)? {
        for scheme in Scheme.allCases {
            let at = scheme.digestPosition(in: packet)
            let found = packet[at..<at + SHA256.digestBytes]
            if found == digest(of: packet, at: at, key: side.shortKey) { return (scheme, found) }
        }
        return nil
    }

    /// A C1 or S1 with its digest written into it.
    static func signed(_ packet: Bytes, by side: Side, scheme: Scheme) -> Bytes {
        let at = scheme.digestPosition(in: packet)
        var writer = ByteWriter(capacity: packet.count)
        writer.write(packet.prefix(at))
        writer.write(digest(of: packet, at: at, key: side.shortKey))
        writer.write(packet.dropFirst(at + SHA256.digestBytes))
        return writer.finish()
    }

    /// A C2 or S2: the first 1504 bytes of `filler` and the proof that the peer's digest was seen.
    static func answer(to digest: Bytes, by side: Side, filler: Bytes) -> Bytes {
        let body = filler.prefix(ServerHandshake.packetBytes - SHA256.digestBytes)
        let key = SHA256.authenticationCode(for: digest, key: side.longKey)
        var writer = ByteWriter(capacity: ServerHandshake.packetBytes)
        writer.write(body)
        writer.write(SHA256.authenticationCode(for: body, key: key))
        return writer.finish()
    }

    private static func digest(of packet: Bytes, at position: Int, key: Bytes) -> Bytes {
        var around = ByteWriter(capacity: packet.count)
        around.write(packet.prefix(position))
        around.write(packet.dropFirst(position + SHA256.digestBytes))
        return SHA256.authenticationCode(for: around.finish(), key: key)
    }
}
