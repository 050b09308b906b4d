import Bytes
import HTTP
@testable import Network
import Testing

extension NetworkTests {
    @Suite(.timeLimit(.minutes(1))) struct WebSocketConnectionTests {
        static let mask: UInt32 = 0xA1B2_C3D4

        @Test func `messages go both ways until the client says goodbye`() async throws {
            try await Loopback.serving(WebSocketAnswers.echo) { server in
                try await WebSocketClient.connected(to: server) { conversation in
                    try await conversation.send("one")
                    try await conversation.expect("one")
                    let large = Bytes((0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                    try await conversation.connection.write(WebSocketFrame.message(.binary(large), mask: Self.mask))
                    let answer = try await conversation.next()
                    #expect(answer == .message(.binary(large)))
                    try await conversation.connection.write(
                        WebSocketFrame.close(WebSocketClose(.goingAway, "bye"), mask: Self.mask))
                    #expect(try await conversation.goodbye() == .goingAway)
                    let end = try await conversation.next()
                    #expect(end == nil)
                }
                try await Loopback.eventually { server.connectionCount == 0 }
            }
        }

        @Test func `what comes together with the request is not lost`() async throws {
            try await Loopback.serving(WebSocketAnswers.echo) { server in
                let early = WebSocketFrame.message(.text(Bytes(utf8: "early")), mask: Self.mask)
                try await WebSocketClient.connected(to: server, behind: early) { conversation in
                    try await conversation.expect("early")
                }
            }
        }

        @Test func `other requests may come before the upgrade on the same connection`() async throws {
            try await Loopback.serving(WebSocketAnswers.echo) { server in
                let answers = try await Loopback.connected(to: server.address) { connection in
                    let plain = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
                    try await connection.write(Bytes(utf8: plain + WebSocketClient.upgrade))
                    try await connection.write(WebSocketFrame.close(nil, mask: Self.mask))
                    return try await connection.readToEnd().string
                }
                #expect(answers.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
                #expect(answers.contains("HTTP/1.1 101 Switching Protocols\r\n"))
            }
        }

        @Test func `an end of the handler is a goodbye, an error another one`() async throws {
            struct Broken: Error {}
            let handler = WebSocketAnswers { channel in
                guard case .text(let bytes) = try await channel.receive() else { return }
                if bytes.string == "break" { throw Broken() }
            }
            try await Loopback.serving(handler) { server in
                for (text, code) in [("end", WebSocketCloseCode.normal), ("break", .internalError)] {
                    try await WebSocketClient.connected(to: server) { conversation in
                        try await conversation.send(text)
                        #expect(try await conversation.goodbye() == code)
                        // The server waits for the answer before it closes.
                        try await conversation.connection.write(
                            WebSocketFrame.close(WebSocketClose(code), mask: Self.mask))
                        let end = try await conversation.next()
                        #expect(end == nil)
                    }
                }
            }
        }

        @Test func `a client that breaks the protocol learns why and is closed`() async throws {
            try await Loopback.serving(WebSocketAnswers.echo) { server in
                let wrong: [(Bytes, WebSocketCloseCode)] = [
                    (WebSocketFrame.text("not masked"), .protocolError), (Bytes([0xFF, 0x80]), .protocolError),
                    (WebSocketFrame.message(.text(Bytes([0xFF])), mask: Self.mask), .invalidPayload),
                    (
                        WebSocketFrame.message(.binary(Bytes([UInt8](repeating: 0, count: 65_537))), mask: Self.mask),
                        .messageTooBig
                    ),
                ]
                for (bytes, code) in wrong {
                    try await WebSocketClient.connected(to: server) { conversation in
                        try await conversation.connection.write(bytes)
                        #expect(try await conversation.goodbye() == code)
                        let end = try await conversation.next()
                        #expect(end == nil)
                    }
                }
            }
        }

        @Test func `a thousand pings at once are answered in order`() async throws {
            try await Loopback.serving(WebSocketAnswers.echo) { server in
                try await WebSocketClient.connected(to: server) { conversation in
                    let pings = (0..<1_000).map { WebSocketFrame.ping(Bytes(utf8: "\($0)"), mask: Self.mask) }
                    try await conversation.connection.write(pings)
                    for number in 0..<1_000 {
                        let pong = try await conversation.next()
                        #expect(pong == .pong(Bytes(utf8: "\(number)")))
                    }
                }
            }
        }

        @Test func `a shutdown says goodbye to every client`() async throws {
            var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
            configuration.drainGrace = .seconds(20)
            let server = try HTTPServer(configuration, group: Loopback.group, handler: WebSocketAnswers.echo)
            let running = Task { await server.run() }
            try await WebSocketClient.connected(to: server) { conversation in
                try await conversation.send("here")
                try await conversation.expect("here")
                running.cancel()
                #expect(try await conversation.goodbye() == .goingAway)
                try await conversation.connection.write(
                    WebSocketFrame.close(WebSocketClose(.goingAway), mask: Self.mask))
                let end = try await conversation.next()
                #expect(end == nil)
            }
            await running.value
        }

        @Test func `a silent client is asked, and closed when it does not answer twice`() async throws {
            let failures = Recorder<String>()
            let report: NetworkEventHook = { event in
                if case .connectionFailed(_, let error) = event { failures.record("\(error)") }
            }
            let configure = { (configuration: inout HTTPServerConfiguration) in
                configuration.webSocket.pingInterval = .milliseconds(250)
            }
            try await Loopback.serving(WebSocketAnswers.echo, report: report, configure: configure) { server in
                try await WebSocketClient.connected(to: server) { conversation in
                    // Who answers stays.
                    for _ in 0..<2 {
                        let ping = try await conversation.next()
                        #expect(ping == .ping(Bytes()))
                        try await conversation.connection.write(WebSocketFrame.pong(mask: Self.mask))
                    }
                    var pings = 0
                    while try await conversation.next() != nil { pings += 1 }
                    #expect(pings == 2)
                }
                try await Loopback.eventually { failures.values == ["\(NetworkError.readTimedOut)"] }
            }
        }

        @Test func `a message that does not come to its end is refused`() async throws {
            let configure = { (configuration: inout HTTPServerConfiguration) in
                configuration.webSocket.messageTimeout = .milliseconds(50)
            }
            try await Loopback.serving(WebSocketAnswers.echo, configure: configure) { server in
                try await WebSocketClient.connected(to: server) { conversation in
                    // Its first bytes, without the rest.
                    let frame = WebSocketFrame.message(.text(Bytes(utf8: "a long story")), mask: Self.mask)
                    try await conversation.connection.write(frame.prefix(9))
                    #expect(try await conversation.goodbye() == .policyViolation)
                }
            }
        }

        @Test func `a client that is gone ends what waits for it`() async throws {
            let ended = Recorder<Bool>()
            let handler = WebSocketAnswers { channel in
                defer { ended.record(true) }
                _ = try await channel.receive()
            }
            try await Loopback.serving(handler) { server in
                try await WebSocketClient.connected(to: server) { _ in }
                try await Loopback.eventually { ended.values.count == 1 && server.connectionCount == 0 }
            }
        }

        @Test func `frames may be offered from anywhere, and a goodbye comes behind them`() async throws {
            let handler = WebSocketAnswers { channel in
                let pushing = Task.detached {
                    for number in 0..<20 { channel.offer(WebSocketFrame.text("\(number)")) }
                    channel.end(WebSocketClose(.normal, "all said"))
                }
                while try await channel.receive() != nil {}
                await pushing.value
            }
            try await Loopback.serving(handler) { server in
                try await WebSocketClient.connected(to: server) { conversation in
                    for number in 0..<20 { try await conversation.expect("\(number)") }
                    let end = try await conversation.next()
                    #expect(end == .close(WebSocketClose(.normal, "all said")))
                }
            }
        }
    }
}
