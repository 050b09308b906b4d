import Foundation
import Synchronization
import TestKit

/// A TCP server that answers what a test tells it to: to show what a client does with a server that misbehaves.
final class FakeServer: Sendable {
    /// What it does once the client has said who it is and asked for something.
    enum Behaviour: Sendable {
        /// Sends these bytes and keeps the connection.
        case answer([UInt8])
        /// Sends these bytes and closes the connection.
        case answerAndClose([UInt8])
        /// Sends these bytes again and again, until the client goes.
        case repeatForEver([UInt8])
        /// Sends these bytes as its very first word, before the client may have said anything.
        case greetWith([UInt8])
    }

    let port: Int
    private let listener: Int32
    private let accepted = Mutex(0)

    /// How many connections came.
    var connectionCount: Int { accepted.withLock { $0 } }

    init(_ behaviour: Behaviour) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) + listen(listener, 64) + getsockname(listener, $0, &length)
            }
        }
        guard code == 0 else { throw NeverHappened(description: "a fake server cannot listen") }
        port = Int(in_port_t(bigEndian: address.sin_port))
        // Ends when the listener is shut down.
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                self?.accepted.withLock { $0 += 1 }
                Thread.detachNewThread { serve(client, behaviour) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}

private func serve(_ client: Int32, _ behaviour: FakeServer.Behaviour) {
    defer { close(client) }
    if case .greetWith(let bytes) = behaviour {
        guard send(client, bytes) else { return }
        while receive(client) != nil {}
        return
    }
    // The greeting ends with PING.
    var text = ""
    while !text.contains("PING\r\n") {
        guard let more = receive(client) else { return }
        text += more
    }
    guard send(client, Array("+PONG\r\n".utf8)), receive(client) != nil else { return }
    switch behaviour {
    case .greetWith: return
    case .answer(let bytes):
        guard send(client, bytes) else { return }
        while receive(client) != nil {}
    case .answerAndClose(let bytes):
        _ = send(client, bytes)
    case .repeatForEver(let bytes):
        while send(client, bytes) {}
    }
}

private func receive(_ client: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(client, &buffer, buffer.count, 0)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
}

private func send(_ client: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let sent = rest.withUnsafeBytes {
            Foundation.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent > 0 else { return false }
        rest = rest.dropFirst(sent)
    }
    return true
}
