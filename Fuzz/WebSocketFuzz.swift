import Bytes
import HTTP

// Fuzzes the reader and the endpoint of WebSocket: whole, in single bytes and cut at a point that the input chooses.
// All must give the same events and the same failure, and what is answered must itself be well-formed.
//
// input: flags (1), cut (2), the peer's bytes. Flag 1: they come from a server.

@_cdecl("LLVMFuzzerTestOneInput") public func fuzzWebSocket(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 3 else { return 0 }
    let sender: WebSocketRole = start[0] & 1 == 1 ? .server : .client
    let wire = Bytes(copying: UnsafeRawBufferPointer(start: start + 3, count: count - 3))
    let cut = (Int(start[1]) << 8 | Int(start[2])) % (wire.count + 1)
    let whole = outcome(of: [wire], from: sender)
    precondition(
        outcome(of: [wire.prefix(cut), wire.dropFirst(cut)], from: sender) == whole,
        "the cut changed what was understood")
    if wire.count <= 512 {
        let single = outcome(of: (0..<wire.count).map { wire[$0..<$0 + 1] }, from: sender)
        precondition(single == whole, "single bytes changed what was understood")
    }
    if sender == .client { checkAnswers(to: wire) }
    return 0
}

/// Small enough that a fuzzer reaches it.
private let limits = WebSocketLimits(messageBytesMax: 300)

private struct Outcome: Equatable {
    var events: [WebSocketEvent] = []
    var failure: WebSocketFailure?
}

private func outcome(of pieces: [Bytes], from sender: WebSocketRole) -> Outcome {
    var reader = WebSocketReader(from: sender, limits: limits)
    var outcome = Outcome()
    for piece in pieces {
        reader.receive(piece)
        do throws(WebSocketFailure) {
            while let event = try reader.next() {
                check(event)
                outcome.events.append(event)
            }
        } catch {
            outcome.failure = error
            return outcome
        }
    }
    return outcome
}

private func check(_ event: WebSocketEvent) {
    switch event {
    case .message(.text(let bytes)):
        precondition(bytes.count <= limits.messageBytesMax, "a message is bounded")
        precondition(String(validating: bytes.array, as: UTF8.self) != nil, "a text is valid UTF-8")
    case .message(.binary(let bytes)): precondition(bytes.count <= limits.messageBytesMax, "a message is bounded")
    case .ping(let bytes), .pong(let bytes): precondition(bytes.count <= 125, "a control frame is bounded")
    case .close(let close): precondition(close.map { $0.reason.utf8.count <= 123 } ?? true, "a reason is bounded")
    }
}

/// What a server says must be understood by a client, and end with at most one goodbye.
private func checkAnswers(to wire: Bytes) {
    var endpoint = WebSocketEndpoint(limits: limits)
    var client = WebSocketReader(from: .server, limits: limits)
    endpoint.receive(wire)
    while let step = endpoint.next() {
        switch step {
        case .message(let message): client.receive(WebSocketFrame.message(message))
        case .answer(let frame): client.receive(frame)
        case .pong: continue
        case .end(_, let last): if let last { client.receive(last) }
        }
    }
    precondition(endpoint.next() == nil, "nothing comes behind the end")
    do throws(WebSocketFailure) {
        while let event = try client.next() { check(event) }
    } catch {
        preconditionFailure("what the server says is not understood: \(error)")
    }
}
