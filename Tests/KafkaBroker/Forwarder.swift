import Foundation

/// Passes connections on to another port of the loopback, with two threads for each.
enum Forwarder {
    /// Connections that wait to be taken.
    private static let backlog: Int32 = 128

    /// A listening socket; `nil` when the port is taken.
    static func listen(on port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let isBound = withLoopback(port) { bind(descriptor, $0, $1) == 0 }
        guard isBound, Glibc.listen(descriptor, backlog) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Takes connections for ever.
    static func run(_ listener: Int32, to port: UInt16) {
        while true {
            let outer = accept(listener, nil, nil)
            guard outer >= 0 else { continue }
            let inner = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard withLoopback(port, { connect(inner, $0, $1) == 0 }) else {
                close(inner)
                close(outer)
                continue
            }
            let ends = ConnectionEnds(outer, inner)
            Thread.detach { ends.copy(from: outer, to: inner) }
            Thread.detach { ends.copy(from: inner, to: outer) }
        }
    }

    private static func withLoopback(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}

/// Both sockets of a connection, closed when neither direction has anything more to copy.
private final class ConnectionEnds: Sendable {
    private let first: Int32
    private let second: Int32

    init(_ first: Int32, _ second: Int32) {
        self.first = first
        self.second = second
    }

    deinit {
        close(first)
        close(second)
    }

    func copy(from source: Int32, to target: Int32) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        reading: while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            var sent = 0
            while sent < count {
                let written = buffer[sent..<count].withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
                guard written > 0 else { break reading }
                sent += written
            }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }
}

/// Threads without anything around them.
enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) { Foundation.Thread.detachNewThread(body) }
}
