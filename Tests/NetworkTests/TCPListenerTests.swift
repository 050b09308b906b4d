import Bytes
import Network
import Testing

extension NetworkTests {
    @Suite(.timeLimit(.minutes(1))) struct TCPListenerTests {
        @Test func `a port that is taken is named in the error`() throws {
            let listener = try TCPListener(host: "127.0.0.1", port: 0, group: Loopback.group)
            defer { listener.close() }
            let port = listener.address.port
            #expect(throws: NetworkError.addressInUse("127.0.0.1:\(port)")) {
                try TCPListener(host: "127.0.0.1", port: port, group: Loopback.group)
            }
            #expect(NetworkError.addressInUse("127.0.0.1:1935").description.contains("127.0.0.1:1935"))
        }

        @Test func `an address that is not this machine's cannot be bound`() {
            #expect(throws: NetworkError.self) {
                try TCPListener(host: "192.0.2.1", port: 0, group: Loopback.group)
            }
            #expect(throws: NetworkError.addressNotUnderstood("no address")) {
                try TCPListener(host: "no address", port: 0, group: Loopback.group)
            }
        }

        @Test(arguments: ["127.0.0.1", "::1"]) func `without a host both families are served`(host: String) async throws
        {
            let peers = Recorder<SocketAddress>()
            let listener = try TCPListener(port: 0, group: Loopback.group)
            let running = Task {
                await listener.run { connection in
                    peers.record(connection.peer)
                    try await connection.write(Bytes(utf8: "hello"))
                }
            }
            defer { running.cancel() }
            // A machine without IPv6 falls back to IPv4 alone.
            guard host == "127.0.0.1" || !listener.address.ip.isIPv4 else { return }
            let address = try SocketAddress(host: host, port: listener.address.port)
            let text = try await Loopback.connected(to: address) { try await $0.readToEnd().string }
            #expect(text == "hello")
            #expect(peers.values.map(\.ip.description) == [host])
            running.cancel()
            await running.value
        }

        @Test func `connections above the limit are closed at once`() async throws {
            let refusals = Recorder<String>()
            var options = TCPListenerOptions()
            options.connectionsMax = 2
            let report: NetworkEventHook = { event in
                if case .refused(_, .connectionsMax(let limit)) = event { refusals.record("\(limit)") }
            }
            try await Loopback.listening(options, report: report, serve: TCPConnectionTests.echo) { listener in
                try await Loopback.connected(to: listener.address) { first in
                    try await Loopback.connected(to: listener.address) { second in
                        for held in [first, second] {
                            try await held.write(Bytes(utf8: "x"))
                            #expect(try await held.read()?.string == "x")
                        }
                        let text = try await Loopback.connected(to: listener.address) {
                            try await $0.readToEnd().string
                        }
                        #expect(text == "")
                    }
                }
                #expect(refusals.values == ["2"])
                // Their places are free again.
                try await Loopback.eventually { listener.connectionCount == 0 }
                try await Loopback.connected(to: listener.address) { connection in
                    try await connection.write(Bytes(utf8: "x"))
                    #expect(try await connection.read()?.string == "x")
                }
            }
        }

        @Test func `one address cannot hold more than its share`() async throws {
            var options = TCPListenerOptions()
            options.connectionsPerAddressMax = 1
            try await Loopback.listening(options, serve: TCPConnectionTests.echo) { listener in
                try await Loopback.connected(to: listener.address) { held in
                    try await held.write(Bytes(utf8: "x"))
                    #expect(try await held.read()?.string == "x")
                    let text = try await Loopback.connected(to: listener.address) { try await $0.readToEnd().string }
                    #expect(text == "")
                }
                try await Loopback.eventually { listener.connectionCount == 0 }
            }
        }

        @Test func `an error ends one connection and is reported`() async throws {
            struct Mistake: Error {}
            let failures = Recorder<String>()
            let report: NetworkEventHook = { event in
                if case .connectionFailed(_, let error) = event { failures.record("\(error)") }
            }
            try await Loopback.listening(report: report, serve: { _ in throw Mistake() }) { listener in
                for _ in 0..<3 {
                    _ = try await Loopback.connected(to: listener.address) { try await $0.readToEnd() }
                }
            }
            #expect(failures.values == ["Mistake()", "Mistake()", "Mistake()"])
        }

        @Test func `draining lets connections end, and cuts short those that do not`() async throws {
            let cut = Recorder<Int>()
            let listener = try TCPListener(host: "127.0.0.1", port: 0, group: Loopback.group) { event in
                if case .drainCutShort(let connections) = event { cut.record(connections) }
            }
            let running = Task {
                await listener.run(grace: .milliseconds(100)) { connection in
                    guard let word = try await connection.read()?.string else { return }
                    while !connection.isDraining { try await connection.loop.sleep(for: .milliseconds(1)) }
                    if word == "stay" { try await connection.loop.sleep(for: .seconds(3_600)) }
                    try await connection.write(Bytes(utf8: "done"))
                }
            }
            let words = ["go", "stay"]
            let answers = try await withThrowingTaskGroup { group in
                for word in words {
                    group.addTask {
                        try await Loopback.connected(to: listener.address) { connection in
                            try await connection.write(Bytes(utf8: word))
                            return (word, try await connection.readToEnd().string)
                        }
                    }
                }
                try await Loopback.eventually { listener.connectionCount == 2 }
                try await Loopback.client.sleep(for: .milliseconds(10))
                running.cancel()
                await running.value
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(answers == ["go": "done", "stay": ""])
            #expect(cut.values == [1])
            #expect(listener.connectionCount == 0)
        }

        @Test func `a thousand connections leave no descriptor behind`() async throws {
            try await Loopback.listening(serve: TCPConnectionTests.echo) { listener in
                let before = Descriptors.count
                try await withThrowingDiscardingTaskGroup { group in
                    for _ in 0..<10 {
                        group.addTask {
                            for number in 0..<100 {
                                try await Loopback.connected(to: listener.address) { connection in
                                    // A third says nothing, a third ends in the middle, a third ends in order.
                                    guard number % 3 > 0 else { return }
                                    try await connection.write(Bytes(utf8: "hello"))
                                    guard number % 3 > 1 else { return }
                                    _ = try await connection.read()
                                }
                            }
                        }
                    }
                }
                try await Loopback.eventually { listener.connectionCount == 0 }
                try await Loopback.eventually { Descriptors.count <= before + 8 }
            }
        }
    }
}
