import Bytes
import HTTP
@testable import Network
import Testing

extension NetworkTests {
    @Suite(.timeLimit(.minutes(1))) struct WebSocketHubTests {
        /// - Parameter ended: Hears of each client that has ended whether it was too slow.
        static func listening(
            _ hub: WebSocketHub<String>, to topic: String = "a", ended: @escaping @Sendable (Bool) -> Void = { _ in }
        ) -> WebSocketAnswers {
            WebSocketAnswers { channel in
                defer { ended(channel.wasTooSlow) }
                try await hub.attend(topic, channel, initial: [WebSocketFrame.text("nothing")]) { message in
                    if case .text(let bytes) = message, bytes.string == "leave" { throw WebSocketClient.Ended() }
                }
            }
        }

        @Test func `a client gets the snapshot first and then every message`() async throws {
            let hub = WebSocketHub<String>(group: Loopback.group)
            try await Loopback.serving(Self.listening(hub)) { server in
                try await WebSocketClient.connected(to: server) { first in
                    try await first.expect("nothing")
                    hub.publish(WebSocketFrame.text("one"), to: "a", snapshot: nil)
                    try await first.expect("one")
                    hub.publish(
                        WebSocketFrame.text("two"), to: "a",
                        snapshot: [WebSocketFrame.text("state"), WebSocketFrame.text("more")])
                    try await first.expect("two")
                    hub.publish(WebSocketFrame.text("elsewhere"), to: "b", snapshot: nil)
                    try await WebSocketClient.connected(to: server) { second in
                        try await second.expect("state")
                        try await second.expect("more")
                        hub.publish(WebSocketFrame.text("three"), to: "a", snapshot: nil)
                        try await second.expect("three")
                    }
                    try await first.expect("three")
                }
                try await Loopback.eventually { hub.count(of: "a") == 0 }
                hub.forget("a")
                try await WebSocketClient.connected(to: server) { third in
                    try await third.expect("nothing")
                    hub.end("a", WebSocketClose(.normal, "over"))
                    let end = try await third.next()
                    #expect(end == .close(WebSocketClose(.normal, "over")))
                }
            }
        }

        /// Each message says how many came before it, and so does each snapshot: a gap, a repetition or another order
        /// shows at once.
        @Test func `clients that come and go during a storm of messages miss none`() async throws {
            var limits = WebSocketHubLimits()
            limits.publicationsWaitingMax = 1_000_000
            let hub = WebSocketHub<String>(group: Loopback.group, limits: limits)
            // On a busy machine the clients here may be slow.
            let configure = { (configuration: inout HTTPServerConfiguration) in
                configuration.webSocket.framesWaitingMax = 1_000_000
                configuration.webSocket.bytesWaitingMax = 64 << 20
            }
            let storm = Task {
                var number = 0
                while !Task.isCancelled {
                    let frame = WebSocketFrame.text("\(number)")
                    hub.publish(frame, to: "a", snapshot: [frame])
                    number += 1
                    if number % 5 == 0 { try await Loopback.client.sleep(for: .milliseconds(1)) }
                }
            }
            defer { storm.cancel() }
            try await Loopback.serving(Self.listening(hub), configure: configure) { server in
                try await withThrowingTaskGroup { group in
                    for client in 0..<150 {
                        group.addTask {
                            try await WebSocketClient.connected(to: server) { conversation in
                                var last: Int?
                                for _ in 0..<(20 + client % 7 * 30) {
                                    guard let text = try await conversation.text() else {
                                        throw WebSocketClient.Ended()
                                    }
                                    guard let number = Int(text) else { continue }
                                    if let last { #expect(number == last + 1) }
                                    last = number
                                }
                            }
                        }
                        if client >= 50 { try await group.next() }
                    }
                    try await group.waitForAll()
                }
                try await Loopback.eventually { hub.count(of: "a") == 0 }
            }
            storm.cancel()
            _ = try? await storm.value
        }

        @Test func `a client that takes nothing is cut off and costs nobody else a message`() async throws {
            let hub = WebSocketHub<String>(group: Loopback.group)
            let ends = Recorder<Bool>()
            let configure = { (configuration: inout HTTPServerConfiguration) in
                configuration.webSocket.sendBufferBytes = 16 * 1024
                configuration.webSocket.closeTimeout = .milliseconds(50)
                configuration.listener.connection.lingerTimeout = .milliseconds(50)
            }
            try await Loopback.serving(Self.listening(hub, ended: ends.record), configure: configure) { server in
                var small = TCPConnectionOptions()
                small.receiveBufferBytes = 4 * 1024
                try await WebSocketClient.connected(to: server, options: small) { slow in
                    try await slow.expect("nothing")
                    try await WebSocketClient.connected(to: server) { quick in
                        try await quick.expect("nothing")
                        let padding = String(repeating: "x", count: 8_000)
                        var number = 0
                        while hub.count(of: "a") == 2 {
                            hub.publish(WebSocketFrame.text("\(number) \(padding)"), to: "a", snapshot: nil)
                            let text = try await quick.text()
                            #expect(text?.hasPrefix("\(number) ") == true)
                            number += 1
                            if number == 10_000 { throw WebSocketClient.Ended() }
                        }
                        #expect(hub.count(of: "a") == 1)
                        hub.publish(WebSocketFrame.text("after"), to: "a", snapshot: nil)
                        try await quick.expect("after")
                        try await Loopback.eventually { ends.values == [true] }
                    }
                    try await Loopback.eventually { ends.values == [true, false] }
                    // It is gone as soon as it was given up, although it still does not read.
                    try await Loopback.eventually { server.connectionCount <= 1 }
                }
            }
        }

        @Test func `a slow client that reads at last finds the reason behind whole messages`() async throws {
            let hub = WebSocketHub<String>(group: Loopback.group)
            try await Loopback.serving(Self.listening(hub)) { server in
                var small = TCPConnectionOptions()
                small.receiveBufferBytes = 4 * 1024
                try await WebSocketClient.connected(to: server, options: small) { slow in
                    try await slow.expect("nothing")
                    let frame = WebSocketFrame.text(String(repeating: "x", count: 60_000))
                    while hub.count(of: "a") == 1 {
                        hub.publish(frame, to: "a", snapshot: nil)
                        // The loops have their turns.
                        try await Loopback.client.sleep(for: .milliseconds(1))
                    }
                    #expect(try await slow.goodbye() == .tryAgainLater)
                }
            }
        }

        @Test func `one message reaches hundreds of clients on all loops`() async throws {
            let hub = WebSocketHub<String>(group: Loopback.group)
            let clients = 500
            let joined = Recorder<Bool>()
            try await Loopback.serving(Self.listening(hub)) { server in
                try await withThrowingTaskGroup { group in
                    for _ in 0..<clients {
                        group.addTask {
                            try await WebSocketClient.connected(to: server) { conversation in
                                try await conversation.expect("nothing")
                                joined.record(true)
                                for number in 0..<5 { try await conversation.expect("\(number)") }
                            }
                        }
                    }
                    try await Loopback.eventually(within: .seconds(30)) {
                        joined.values.count == clients
                    }
                    #expect(hub.count(of: "a") == clients)
                    for number in 0..<5 { hub.publish(WebSocketFrame.text("\(number)"), to: "a", snapshot: nil) }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Suite struct WebSocketHubMachineTests {
        private func texts(_ waiting: [WebSocketPublication<String>]) -> [String] {
            waiting.map { publication in
                switch publication.content {
                case .frame(let bytes): "\(publication.topic) \(bytes.string)"
                case .end: "\(publication.topic) end"
                }
            }
        }

        @Test func `only loops with listeners are told, once until they fetch`() {
            var machine = WebSocketHubMachine<String>(lanes: 3, WebSocketHubLimits())
            var told = [machine.published(Bytes(utf8: "0"), to: "a", snapshot: nil)]
            let first = machine.joined("a", lane: 1, initial: [])
            told.append(machine.published(Bytes(utf8: "1"), to: "a", snapshot: nil))
            told.append(machine.published(Bytes(utf8: "2"), to: "a", snapshot: nil))
            let second = machine.joined("a", lane: 2, initial: [])
            told.append(machine.ended("a", WebSocketClose(.normal)))
            #expect(told == [[], [1], [], [2]])
            #expect([first?.number, second?.number] == [1, 3])
            let waiting = (0..<3).map { texts(machine.fetched(lane: $0).waiting) }
            #expect(waiting == [[], ["a 1", "a 2", "a end"], ["a end"]])
            machine.left("a", lane: 1)
            let left = machine.published(Bytes(utf8: "3"), to: "a", snapshot: nil)
            #expect(left == [2])
            #expect(machine.count(of: "a") == 1)
        }

        @Test func `a loop that does not fetch loses all and knows it`() {
            var limits = WebSocketHubLimits()
            limits.publicationsWaitingMax = 3
            var machine = WebSocketHubMachine<String>(lanes: 1, limits)
            _ = machine.joined("a", lane: 0, initial: [])
            for number in 0..<5 { _ = machine.published(Bytes(utf8: "\(number)"), to: "a", snapshot: nil) }
            let fetched = machine.fetched(lane: 0)
            #expect(fetched.hasLost)
            #expect(texts(fetched.waiting) == ["a 4"])
            let again = machine.fetched(lane: 0)
            #expect(!again.hasLost)
        }

        @Test func `topics are bounded, and forgotten when nobody needs them`() {
            var limits = WebSocketHubLimits()
            limits.topicsMax = 1
            var machine = WebSocketHubMachine<String>(lanes: 1, limits)
            _ = machine.published(Bytes(utf8: "0"), to: "a", snapshot: [Bytes(utf8: "s")])
            let refused = machine.joined("b", lane: 0, initial: [])
            let known = machine.joined("a", lane: 0, initial: [])
            #expect(refused == nil)
            #expect(known?.first == [Bytes(utf8: "s")])
            machine.forgotten("a")
            let stillRefused = machine.joined("b", lane: 0, initial: [])
            #expect(stillRefused == nil)
            machine.left("a", lane: 0)
            let free = machine.joined("b", lane: 0, initial: [Bytes(utf8: "i")])
            #expect(free?.first == [Bytes(utf8: "i")])
        }
    }
}
