import Bytes
import Testing

@testable import RTMP

@Suite struct HandshakeTests {
    /// C0, C1 and C2, and something of the session behind them.
    static func opening(_ first: Bytes, version: UInt8 = 3) -> Bytes {
        Samples.join([version], first, Bytes([UInt8](repeating: 9, count: 1536)), [0xAB, 0xCD])
    }

    static func run(_ bytes: Bytes, pieceSize: Int) throws -> (output: Bytes, rest: Bytes) {
        var handshake = ServerHandshake(seed: 5)
        var output = ByteWriter()
        var rest = ByteWriter()
        for piece in pieces(of: bytes, size: pieceSize) {
            let progress = try handshake.receive(piece)
            output.write(progress.output)
            rest.write(progress.rest)
        }
        let isDone = handshake.isDone
        #expect(isDone)
        return (output.finish(), rest.finish())
    }

    static let plain: Bytes = {
        var random = SeededGenerator(4)
        return Samples.join(Bytes([0, 0, 1, 0, 0, 0, 0, 0]), random.bytes(1528))
    }()

    @Test(arguments: [1, 2, 1536, 1537, 1538, 3073, 5000])
    func `a simple C1 is echoed, however it is cut`(size: Int) throws {
        let (output, rest) = try Self.run(Self.opening(Self.plain), pieceSize: size)
        #expect(output.count == 3073)
        #expect(output[0] == 3)
        #expect(output.dropFirst(1537) == Self.plain)
        #expect(output[5..<9] == [0, 0, 0, 0])
        #expect(rest == [0xAB, 0xCD])
    }

    @Test(arguments: HandshakeDigest.Scheme.allCases)
    func `a digest at either place is answered with digests`(scheme: HandshakeDigest.Scheme) throws {
        let first = HandshakeDigest.signed(Self.plain, by: .client, scheme: scheme)
        let (_, digest) = try #require(HandshakeDigest.verified(first, from: .client))
        let (output, _) = try Self.run(Self.opening(first), pieceSize: 700)
        let answer = output[1..<1537]
        #expect(try #require(HandshakeDigest.verified(answer, from: .server)).scheme == scheme)
        let second = output.dropFirst(1537)
        let key = SHA256.authenticationCode(for: digest, key: HandshakeDigest.Side.server.longKey)
        #expect(second.dropFirst(1504) == SHA256.authenticationCode(for: second.prefix(1504), key: key))
    }

    @Test(arguments: HandshakeDigest.Scheme.allCases)
    func `a digest that does not verify falls back to an echo`(scheme: HandshakeDigest.Scheme) throws {
        var broken = HandshakeDigest.signed(Self.plain, by: .client, scheme: scheme).array
        broken[scheme.digestPosition(in: Bytes(broken))] ^= 1
        let (output, _) = try Self.run(Self.opening(Bytes(broken)), pieceSize: 1537)
        #expect(output.dropFirst(1537) == Bytes(broken))
    }

    @Test func `the digest stays inside the packet wherever its offset points`() {
        for byte in [UInt8](0...255) {
            var packet = [UInt8](repeating: 0, count: 1536)
            for at in [8, 772] { for index in 0..<4 { packet[at + index] = byte } }
            for scheme in HandshakeDigest.Scheme.allCases {
                let position = scheme.digestPosition(in: Bytes(packet))
                #expect(position >= scheme.offsetPosition + 4)
                #expect(position + 32 <= 1536)
            }
        }
    }

    @Test(arguments: [6, 8] as [UInt8]) func `RTMPE is refused by name at the first byte`(version: UInt8) {
        #expect(throws: RTMPFailure.encryptedHandshake(version: version)) {
            var handshake = ServerHandshake(seed: 5)
            _ = try handshake.receive([version])
        }
    }

    @Test(arguments: [0, 0x16, 0x47] as [UInt8]) func `another protocol is refused at the first byte`(version: UInt8) {
        #expect(throws: RTMPFailure.unknownVersion(version)) {
            var handshake = ServerHandshake(seed: 5)
            _ = try handshake.receive([version])
        }
    }

    @Test func `C2 joined with the connect chunk, and without any likeness to S1, is fine`() throws {
        var conversation = Conversation()
        var connect = ByteWriter()
        var writer = ChunkWriter()
        writer.write(
            Command(name: "connect", transactionID: 1, values: [.object(["app": .string("live")])]).message(), on: 3,
            into: &connect)
        try conversation.receive(Samples.join([3], Self.plain))
        try conversation.receive(Samples.join(Bytes([UInt8](repeating: 0x55, count: 1536)), connect.finish()))
        #expect(conversation.codes == ["NetConnection.Connect.Success"])
    }

    @Test func `different seeds give different S1`() throws {
        var one = ServerHandshake(seed: 1)
        var two = ServerHandshake(seed: 2)
        let bytes = Self.opening(Self.plain)
        #expect(try one.receive(bytes).output.prefix(1537) != two.receive(bytes).output.prefix(1537))
    }
}
