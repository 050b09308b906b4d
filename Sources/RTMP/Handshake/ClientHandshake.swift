import Bytes

/// The client's side of the simple handshake.
struct ClientHandshake {
    /// C0 and C1, to be sent first.
    let opening: Bytes
    private var pending = ByteAccumulator()
    private(set) var isDone = false

    /// - Parameter seed: Random, another one for each connection.
    init(seed: UInt64) {
        var filler = HandshakeFiller(seed: seed)
        var writer = ByteWriter(capacity: 1 + ServerHandshake.packetBytes)
        writer.write(ServerHandshake.version)
        writer.write(UInt64(0))
        writer.write(filler.bytes(ServerHandshake.packetBytes - 8))
        opening = writer.finish()
    }

    /// Takes bytes from the server; once S0, S1 and S2 are there, C2 is the output.
    mutating func receive(_ bytes: Bytes) throws(RTMPFailure) -> ServerHandshake.Progress {
        guard !isDone else { return ServerHandshake.Progress(rest: bytes) }
        pending.append(bytes)
        guard pending.count > 2 * ServerHandshake.packetBytes else { return ServerHandshake.Progress() }
        let answer = pending.consume(1 + 2 * ServerHandshake.packetBytes)
        guard answer[0] == ServerHandshake.version else { throw .unknownVersion(answer[0]) }
        isDone = true
        return ServerHandshake.Progress(
            output: answer[1..<1 + ServerHandshake.packetBytes], rest: pending.readable)
    }
}
