import Bytes
import HTTP
@testable import Network
import Testing

extension NetworkTests {
    /// How connections of the HTTP server end.
    @Suite(.timeLimit(.minutes(1))) struct HTTPServerLifetimeTests {
        static let held = "GET /held HTTP/1.1\r\nHost: test\r\n\r\n"

        @Test(arguments: ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: test\r\nX: "])
        func `a head that does not end in time is refused`(start: String) async throws {
            try await Loopback.serving(Answers(), configure: { $0.headTimeout = .milliseconds(20) }) { server in
                let answer = try await Loopback.exchange(start, with: server.address)
                #expect(answer.hasPrefix("HTTP/1.1 408 "))
                #expect(answer.contains("connection: close"))
            }
        }

        @Test func `a head that trickles gains no time by it`() async throws {
            try await Loopback.serving(Answers(), configure: { $0.headTimeout = .milliseconds(30) }) { server in
                let answer = try await Loopback.connected(to: server.address) { connection in
                    let trickling = Task {
                        try await connection.write(Bytes(utf8: "GET / HTTP/1.1\r\nX: "))
                        while true {
                            try await connection.write(Bytes(utf8: "x"))
                            try await connection.loop.sleep(for: .milliseconds(1))
                        }
                    }
                    defer { trickling.cancel() }
                    return try await connection.read(until: "408")
                }
                #expect(answer.hasPrefix("HTTP/1.1 408 "))
            }
        }

        @Test func `a body that is too slow is refused, one that keeps the rate is not`() async throws {
            let configure: (inout HTTPServerConfiguration) -> Void = {
                $0.bodyTimeout = .milliseconds(20)
                $0.bodyBytesPerSecondMin = 1_000
            }
            let head = "POST /echo HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 20\r\n\r\n"
            try await Loopback.serving(Answers(), configure: configure) { server in
                let slow = try await Loopback.exchange(head, with: server.address)
                #expect(slow.hasPrefix("HTTP/1.1 408 "))
                // The head and ten bytes earn nearly 100 ms.
                let steady = try await Loopback.connected(to: server.address) { connection in
                    try await connection.write(Bytes(utf8: head + "0123456789"))
                    try await connection.loop.sleep(for: .milliseconds(40))
                    try await connection.write(Bytes(utf8: "0123456789"))
                    return try await connection.readToEnd().string
                }
                #expect(steady.hasSuffix("\r\n\r\n01234567890123456789"))
            }
        }

        @Test func `a connection without a request is closed in silence`() async throws {
            let configure: (inout HTTPServerConfiguration) -> Void = {
                $0.headTimeout = .milliseconds(20)
                $0.idleTimeout = .milliseconds(20)
            }
            try await Loopback.serving(Answers(), configure: configure) { server in
                #expect(try await Loopback.exchange("", with: server.address) == "")
                let answer = try await Loopback.exchange(HTTPServerTests.get, with: server.address)
                #expect(answer.hasSuffix("hello /hello"))
            }
        }

        @Test func `a reset cancels the handler at once, the end of the client's side after a grace`() async throws {
            let answers = Answers()
            try await Loopback.serving(answers, configure: { $0.departureGrace = .milliseconds(30) }) { server in
                try await Loopback.connected(to: server.address) { connection in
                    try await connection.write(Bytes(utf8: Self.held))
                    try await Loopback.eventually { server.connectionCount == 1 }
                }
                try await Loopback.eventually { answers.cancelled.values == ["/held"] }
                try await Loopback.eventually { server.connectionCount == 0 }
            }
        }

        @Test func `a client that has ended its side gets an answer that comes soon`() async throws {
            let gate = Gate()
            try await Loopback.serving(Answers(gate: gate)) { server in
                let answer = try await Loopback.connected(to: server.address) { connection in
                    try await connection.write(Bytes(utf8: Self.held))
                    try await connection.shutdownWrite()
                    try await connection.loop.sleep(for: .milliseconds(5))
                    gate.open()
                    return try await connection.readToEnd().string
                }
                #expect(answer.hasSuffix("hello /held"))
            }
        }

        @Test(arguments: [
            "", "GET", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
            held, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n", "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
        ])
        func `a peer may reset in every phase`(sent: String) async throws {
            let answers = Answers()
            try await Loopback.serving(answers, configure: { $0.departureGrace = .milliseconds(10) }) { server in
                for _ in 0..<5 {
                    try await Loopback.connected(to: server.address) { connection in
                        try connection.socket.setLingerToReset()
                        if !sent.isEmpty { try await connection.write(Bytes(utf8: sent)) }
                        try await Loopback.eventually { server.connectionCount == 1 }
                    }
                    try await Loopback.eventually { server.connectionCount == 0 }
                }
                // The server is as well as before.
                let answer = try await Loopback.exchange(HTTPServerTests.lastGet, with: server.address)
                #expect(answer.hasSuffix("hello /hello"))
            }
        }

        @Test func `an endless body to a slow reader waits in the kernel, not in the server`() async throws {
            try await Loopback.serving(Answers()) { server in
                let before = ResidentMemory.current
                try await Loopback.connected(to: server.address) { connection in
                    try await connection.write(Bytes(utf8: "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"))
                    try await connection.loop.sleep(for: .milliseconds(100))
                    #expect(ResidentMemory.current < before + 16 << 20)
                }
                try await Loopback.eventually { server.connectionCount == 0 }
            }
        }

        @Test func `draining closes idle connections at once and answers requests in work`() async throws {
            let gate = Gate()
            var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
            configuration.drainGrace = .seconds(30)
            let server = try HTTPServer(configuration, group: Loopback.group, handler: Answers(gate: gate))
            let running = Task { await server.run() }
            let address = server.address
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask {
                    let text = try await Loopback.connected(to: address) { connection in
                        try await connection.write(Bytes(utf8: HTTPServerTests.get))
                        return try await connection.readToEnd().string
                    }
                    #expect(text.hasSuffix("hello /hello"))
                    #expect(!text.contains("connection: close"))
                    gate.open()
                }
                group.addTask {
                    let text = try await Loopback.exchange(Self.held, with: address)
                    #expect(text.hasSuffix("hello /held"))
                    #expect(text.contains("connection: close"))
                }
                try await Loopback.eventually { server.connectionCount == 2 }
                try await Loopback.client.sleep(for: .milliseconds(10))
                running.cancel()
            }
            await running.value
            #expect(server.connectionCount == 0)
        }

        @Test func `a request that does not end is cut short after the grace`() async throws {
            let answers = Answers()
            try await Loopback.serving(answers, configure: { $0.drainGrace = .milliseconds(30) }) { server in
                // The server is told to stop while this request waits, at the end of the closure.
                _ = Task { try await Loopback.exchange(Self.held, with: server.address) }
                try await Loopback.eventually { server.connectionCount == 1 }
                try await Loopback.client.sleep(for: .milliseconds(10))
            }
            #expect(answers.cancelled.values == ["/held"])
        }
    }
}
