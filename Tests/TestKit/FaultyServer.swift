import Foundation
import Glibc
import Synchronization

/// An HTTP server that answers as a test says, wrongly if need be, on a free port of 127.0.0.1.
public final class FaultyServer: Sendable {
    /// A request as it came.
    public struct Request: Sendable {
        public let method: String
        public let target: String
        /// By name in lower case.
        public let fields: [String: String]
        public let body: [UInt8]
    }

    /// What is done with a request.
    public enum Action: Sendable {
        /// Bytes as they are, then the connection is kept or closed.
        case send([UInt8], isKept: Bool)
        /// Bytes one by one, with a pause between.
        case drip([UInt8], milliseconds: Int)
        /// The connection is closed without an answer.
        case close
        /// Nothing, until the server ends.
        case hang

        public static func answer(
            _ status: Int, _ body: String = "", fields: [String] = [], length: Int? = nil, isKept: Bool = true
        ) -> Action {
            let head =
                ["HTTP/1.1 \(status) Status", "Content-Length: \(length ?? body.utf8.count)"] + fields + ["", ""]
            return .send(Array((head.joined(separator: "\r\n") + body).utf8), isKept: isKept)
        }

        /// An error document of S3.
        public static func failure(_ status: Int, _ code: String, fields: [String] = []) -> Action {
            answer(status, "<?xml version=\"1.0\"?><Error><Code>\(code)</Code></Error>", fields: fields)
        }
    }

    public let port: Int
    private let listener: Int32
    private let state = Mutex((requests: [Request](), connectionCount: 0, descriptors: [Int32](), isOver: false))
    private let respond: @Sendable (Request, Int) -> Action

    /// - Parameter respond: Is given each request and how many came before it.
    public init(_ respond: @escaping @Sendable (Request, Int) -> Action) throws {
        self.respond = respond
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        Thread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0, let self else { return }
                self.begin(connection)
            }
        }.start()
    }

    public var endpoint: String { "http://127.0.0.1:\(port)" }
    public var requests: [Request] { state.withLock { $0.requests } }
    public var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// Ends all connections.
    public func end() {
        shutdown(listener, Int32(SHUT_RDWR))
        state.withLock { state in
            state.isOver = true
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func begin(_ connection: Int32) {
        state.withLock { state in
            state.connectionCount += 1
            state.descriptors.append(connection)
        }
        Thread {
            while let request = self.read(connection), self.answer(request, connection) {}
            shutdown(connection, Int32(SHUT_RDWR))
        }.start()
    }

    /// - Returns: Whether the connection is kept.
    private func answer(_ request: Request, _ connection: Int32) -> Bool {
        let count = state.withLock { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
        switch respond(request, count) {
        case .send(let bytes, let isKept): return write(bytes, connection) && isKept
        case .drip(let bytes, let milliseconds):
            for byte in bytes {
                guard write([byte], connection) else { return false }
                poll(nil, 0, Int32(milliseconds))
            }
            return true
        case .close: return false
        case .hang:
            while !state.withLock({ $0.isOver }) { poll(nil, 0, 50) }
            return false
        }
    }

    private func write(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(connection, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func read(_ connection: Int32) -> Request? {
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        func more() -> Bool {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return false }
            received += piece[..<count]
            return true
        }
        let end = Array("\r\n\r\n".utf8)
        while received.count < 4 || received.firstRange(of: end) == nil { if !more() { return nil } }
        guard let head = received.firstRange(of: end) else { return nil }
        let lines = String(decoding: received[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
        }
        let length = fields["content-length"].flatMap { Int($0) } ?? 0
        while received.count < head.upperBound + length { if !more() { return nil } }
        let words = lines[0].split(separator: " ").map(String.init)
        guard words.count == 3 else { return nil }
        return Request(
            method: words[0], target: words[1], fields: fields,
            body: Array(received[head.upperBound..<head.upperBound + length]))
    }
}
