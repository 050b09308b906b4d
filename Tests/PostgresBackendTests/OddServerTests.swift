import Foundation
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import PostgresBackend

/// What answers on the port of the URL need not be PostgreSQL.
@Suite(.timeLimit(.minutes(1))) struct OddServerTests {
    @Test(
        arguments: [
            [], Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), [UInt8](repeating: 0, count: 100),
            [UInt8](repeating: 0xFF, count: 100_000), Array("E".utf8) + [0x7F, 0xFF, 0xFF, 0xFF],
            // Authentication succeeded, ready for queries, and then an answer to a question that nobody asked.
            [0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5A, 0, 0, 0, 5, 0x49, 0x44, 0, 0, 0, 6, 0, 9],
        ])
    func `whatever it says, it is a failure of the database, in time`(_ greeting: [UInt8]) async throws {
        let server = try OddServer(saying: greeting)
        let database = try PostgresDatabase(
            url: Secret("postgres://u:hunter2@127.0.0.1:\(server.port)/d?sslmode=disable"),
            settings: .testing.with {
                $0.waitMilliseconds = 1_000
                $0.connectMilliseconds = 500
                $0.statementMilliseconds = 500
            }, logger: Logger(service: "test", level: .error, sink: RecordingSink()))
        let elapsed = await seconds {
            let failure = await #expect(throws: StreamError.self) { try await database.sleep(seconds: 0) }
            guard case .database(let reason) = failure else {
                Issue.record("\(String(describing: failure)) instead of a database's failure")
                return
            }
            #expect(!reason.contains("hunter2"))
        }
        #expect(elapsed < 10)
    }
}

/// Accepts connections, says the same to each, and closes it when the client has said something.
private final class OddServer: Sendable {
    let port: Int
    private let listener: Int32

    init(saying greeting: [UInt8]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) + listen(listener, 8) + getsockname(listener, address, &length)
            }
        }
        guard code == 0 else { throw NeverHappened(description: "no port: errno \(errno)") }
        port = Int(in_port_t(bigEndian: address.sin_port))
        Thread {
            while true {
                let connection = accept(listener, nil, nil)
                // The listener was shut down.
                guard connection >= 0 else { break }
                _ = send(connection, greeting, greeting.count, Int32(MSG_NOSIGNAL))
                var byte: UInt8 = 0
                _ = recv(connection, &byte, 1, 0)
                close(connection)
            }
            close(listener)
        }.start()
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
