import Bytes

// RTMP 1.0, 5.2
//
//   client                                   server
//   C0 (1: version) C1 (1536) ------------>
//                        <------------------ S0 (1) S1 (1536) S2 (1536)
//   C2 (1536) ---------------------------->
//
// C1, S1: time (4), zero or version (4), 1528 random bytes. C2, S2: an echo of the other's packet, or a digest.

/// The server's side of the handshake.
///
/// A C1 with a valid digest is answered with digests, any other with an echo. C2 is not compared with S1, because
/// encoders do not take care to echo it.
struct ServerHandshake {
    static let packetBytes = 1536
    static let version: UInt8 = 3

    private enum State {
        /// Collecting C0 and C1; becomes `awaitsC2`.
        case awaitsC1(ByteAccumulator)
        /// Skipping C2, of which so many bytes are missing; becomes `done`.
        case awaitsC2(missing: Int)
        /// Over.
        case done
    }

    /// What a piece of the handshake led to.
    struct Progress {
        /// To be sent, possibly nothing.
        var output = Bytes()
        /// What lies behind the handshake, possibly nothing.
        var rest = Bytes()
    }

    private var state = State.awaitsC1(ByteAccumulator())
    private var filler: HandshakeFiller

    /// - Parameter seed: Random, another one for each connection.
    init(seed: UInt64) { filler = HandshakeFiller(seed: seed) }

    var isDone: Bool {
        switch state {
        case .done: true
        case .awaitsC1, .awaitsC2: false
        }
    }

    /// Takes bytes from the client.
    mutating func receive(_ bytes: Bytes) throws(RTMPFailure) -> Progress {
        switch state {
        case .awaitsC1(var pending):
            pending.append(bytes)
            guard pending.count > 0 else { return Progress() }
            try Self.check(version: pending.readable[0])
            guard pending.count > Self.packetBytes else {
                state = .awaitsC1(pending)
                return Progress()
            }
            let first = pending.consume(1 + Self.packetBytes).dropFirst(1)
            state = .awaitsC2(missing: Self.packetBytes)
            var progress = try receive(pending.readable)
            progress.output = answer(to: first)
            return progress
        case .awaitsC2(let missing):
            state = bytes.count < missing ? .awaitsC2(missing: missing - bytes.count) : .done
            return Progress(rest: bytes.dropFirst(missing))
        case .done:
            return Progress(rest: bytes)
        }
    }

    private static func check(version: UInt8) throws(RTMPFailure) {
        switch version {
        case Self.version: return
        case 6, 8: throw .encryptedHandshake(version: version)
        default: throw .unknownVersion(version)
        }
    }

    /// S0, S1 and S2.
    private mutating func answer(to first: Bytes) -> Bytes {
        var packet = ByteWriter(capacity: Self.packetBytes)
        packet.write(UInt32(0))
        var output = ByteWriter(capacity: 1 + 2 * Self.packetBytes)
        output.write(Self.version)
        if let (scheme, digest) = HandshakeDigest.verified(first, from: .client) {
            packet.write(UInt32(0x0405_0001))
            packet.write(filler.bytes(Self.packetBytes - 8))
            output.write(HandshakeDigest.signed(packet.finish(), by: .server, scheme: scheme))
            output.write(HandshakeDigest.answer(to: digest, by: .server, filler: filler.bytes(Self.packetBytes)))
        } else {
            packet.write(UInt32(0))
            packet.write(filler.bytes(Self.packetBytes - 8))
            output.write(packet.finish())
            output.write(first)
        }
        return output.finish()
    }
}
