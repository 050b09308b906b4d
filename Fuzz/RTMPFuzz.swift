import Bytes
import Media
import RTMP

// Fuzzes a whole server session: what a peer sends, cut as the input says, with a shell that accepts everything.
//
// input: flags (1), piece size (1), the peer's bytes. Flag 1: behind a handshake. Flag 2: behind `connect` and
// `publish`.

/// Handshake, connect and publish of a well-behaved encoder.
private let opening: (handshake: Bytes, calls: Bytes) = {
    var client = ClientSession(PublishScript(name: "key"), seed: 1)
    var server = ServerSession(seed: 2)
    var handshake = ByteWriter()
    var calls = ByteWriter()
    for round in 0..<8 {
        for bytes in client.takeOutput() {
            if round == 0 { handshake.write(bytes) } else { calls.write(bytes) }
            try? server.receive(bytes)
        }
        while let event = server.nextEvent() { if case .publishRequested = event { server.accept() } }
        for bytes in server.takeOutput() { try? client.receive(bytes) }
    }
    let all = calls.finish()
    // The second round begins with C2.
    handshake.write(all.prefix(1536))
    return (handshake.finish(), all.dropFirst(1536))
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRTMP(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let flags = start[0]
    let pieceSize = Int(start[1]) + 1
    let input = Bytes(copying: UnsafeRawBufferPointer(start: start + 2, count: count - 2))
    var session = ServerSession(seed: 3)
    if flags & 3 != 0 { feed(opening.handshake, to: &session) }
    if flags & 2 != 0 { feed(opening.calls, to: &session) }
    for position in stride(from: 0, to: input.count, by: pieceSize) {
        feed(input[position..<min(position + pieceSize, input.count)], to: &session)
    }
    session.tick(nowMilliseconds: 1_000_000)
    session.end(.shutDown)
    _ = session.takeOutput()
    return 0
}

private func feed(_ bytes: Bytes, to session: inout ServerSession) {
    try? session.receive(bytes)
    while let event = session.nextEvent() {
        switch event {
        case .publishRequested: session.accept()
        case .frame(let frame): precondition(!frame.payload.isEmpty, "a frame is never empty")
        case .connected, .metadata, .publishEnded, .closeNeeded: continue
        }
    }
    _ = session.takeOutput()
}
