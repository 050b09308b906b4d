import Bytes
import Foundation
@testable import RedisBackend
import StreamingCore
import TestKit
import Testing

/// The pool on a real server, in good times and bad ones.
@Suite(.timeLimit(.minutes(2))) struct RedisPoolTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_800_000_000_000))

    private func name(_ number: Int) -> SegmentName {
        SegmentName(stream: stream, path: "source/segment-\(number).m4s")
    }

    private func content(_ number: Int) -> Bytes {
        Bytes([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 1000 + number * 17))
    }

    @Test func `a thousand callers at once share ten connections`() async throws {
        let server = try await RedisServer()
        let store = RedisSegmentStore(try RedisPool(RedisSettings(url: Secret(server.url))))
        try await withThrowingTaskGroup { group in
            for number in 0..<1000 {
                group.addTask {
                    try await store.put([content(number)], under: name(number))
                    #expect(try await store.get(name(number)) == [content(number)])
                }
            }
            try await group.waitForAll()
        }
        let clients = try await server.command("CLIENT", "LIST", "TYPE", "normal").split(separator: "\n")
        // One more is the one that asks.
        #expect(clients.count == 11)
    }

    @Test func `what several callers ask for goes out in one write`() async throws {
        let server = try await RedisServer()
        var settings = try RedisSettings(url: Secret(server.url))
        settings.connectionCount = 1
        let pool = try RedisPool(settings)
        try await pool.check()
        _ = try await server.command("CONFIG", "RESETSTAT")
        try await withThrowingTaskGroup { group in
            for _ in 0..<2000 { group.addTask { try await pool.check() } }
            try await group.waitForAll()
        }
        let statistics = try await server.command("INFO", "stats")
        let reads = try #require(
            statistics.split(whereSeparator: \.isNewline).first { $0.hasPrefix("total_reads_processed:") })
        let count = try #require(Int(reads.drop { $0 != ":" }.dropFirst()))
        #expect(count < 1000, "2000 commands came in \(count) reads")
    }

    @Test func `a server that is killed gives errors at once, and is used again when it is back`() async throws {
        let server = try await RedisServer()
        let sink = RecordingSink()
        let logger = Logger(service: "test", level: .debug, sink: sink)
        let pool = try RedisPool(RedisSettings(url: Secret(server.url)), logger: logger)
        let store = RedisSegmentStore(pool)
        try await store.put([[1]], under: name(1))
        let calls = Task {
            var longest = Duration.zero
            while !Task.isCancelled {
                let duration = await ContinuousClock().measure { _ = try? await store.get(name(1)) }
                longest = max(longest, duration)
                if duration < .milliseconds(1) { try? await Task.sleep(for: .milliseconds(1)) }
            }
            return longest
        }
        try await server.kill()
        try await eventually("the pool says that it is down") { sink.lines.contains { $0.contains("cannot be used") } }
        for _ in 0..<100 {
            let duration = await ContinuousClock().measure {
                await #expect(throws: StreamError.self) { try await pool.check() }
            }
            #expect(duration < .milliseconds(500))
        }
        try await server.start()
        try await eventually("the pool recovers") { (try? await pool.check()) != nil }
        #expect(try await store.get(name(1)) == nil)
        #expect(try await store.put([[2]], under: name(1)) == [[2]])
        calls.cancel()
        #expect(await calls.value < .seconds(3))
        try await eventually("the pool says that it is up") { sink.lines.contains { $0.contains("used again") } }
        #expect(sink.lines.filter { $0.contains("cannot be used") }.count == 1)
    }

    @Test func `a server that hangs gives errors within the limit, then at once, then answers again`() async throws {
        let server = try await RedisServer()
        let pool = try RedisPool(RedisSettings(url: Secret(server.url)))
        let store = RedisSegmentStore(pool)
        try await store.put([[1]], under: name(1))
        server.signal(SIGSTOP)
        // Timed where the answer is given and not where a task goes on, for which the machine may be too busy.
        let durations = await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    let start = ContinuousClock.now
                    return await withCheckedContinuation { continuation in
                        let request = RedisRequest(
                            commands: RedisCommands("PING"), deadline: start + pool.core.settings.callTimeMax
                        ) { outcome in
                            guard case .failure = outcome else { return continuation.resume(returning: Duration.zero) }
                            continuation.resume(returning: ContinuousClock.now - start)
                        }
                        pool.core.submit(request)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(durations.allSatisfy { $0 > .milliseconds(1900) && $0 < .milliseconds(2600) }, "\(durations)")
        // The circuit is open soon after: nobody waits any more.
        try await eventually("calls are refused at once", within: 8) {
            let duration = await ContinuousClock().measure { _ = try? await store.get(name(1)) }
            return duration < .milliseconds(100)
        }
        server.signal(SIGCONT)
        try await eventually("the pool recovers") { (try? await store.get(name(1))) == [[1]] }
    }

    @Test func `one caller's time-out finds out that the server hangs for all connections`() async throws {
        let server = try await RedisServer()
        let pool = try RedisPool(RedisSettings(url: Secret(server.url)))
        try await pool.check()
        try await eventually("all are connected") {
            try await server.command("CLIENT", "LIST", "TYPE", "normal").split(separator: "\n").count == 11
        }
        server.signal(SIGSTOP)
        let start = ContinuousClock.now
        for _ in 0..<10 { await #expect(throws: StreamError.self) { try await pool.check() } }
        // Ten calls, one behind the other, would take 20 s if each connection found out for itself.
        #expect(ContinuousClock.now - start < .seconds(6))
        server.signal(SIGCONT)
    }

    @Test func `connections that the server closes are opened again without an error`() async throws {
        let server = try await RedisServer()
        let pool = try RedisPool(RedisSettings(url: Secret(server.url)))
        try await pool.check()
        let clients = { try await server.command("CLIENT", "LIST", "TYPE", "normal").split(separator: "\n").count }
        try await eventually("all are connected") { try await clients() == 11 }
        // Those that have not been open for a while are not opened again at once.
        try await Task.sleep(for: RedisLimits.stableTimeMin)
        _ = try await server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        try await eventually("all are connected again") { try await clients() == 11 }
        for _ in 0..<20 { try await pool.check() }
    }

    @Test func `a wrong or missing password is told without the password`() async throws {
        let server = try await RedisServer(password: "the right one")
        for credentials in [":hunter2@", "hunter3:hunter2@", ""] {
            let pool = try RedisPool(RedisSettings(url: Secret("redis://\(credentials)127.0.0.1:\(server.port)")))
            do {
                try await pool.check()
                Issue.record("\(credentials) was taken")
            } catch {
                guard case .network(let reason) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(reason.contains("password"))
                #expect(!reason.contains("hunter"))
            }
        }
    }

    @Test func `a user, a password and a database are used`() async throws {
        let server = try await RedisServer(arguments: ["--user", "live", "on", ">p@ss:/", "~*", "+@all"])
        let url = "redis://live:p%40ss%3A%2F@127.0.0.1:\(server.port)/3"
        let store = RedisSegmentStore(try RedisPool(RedisSettings(url: Secret(url))))
        try await store.put([[1]], under: name(1))
        #expect(try await server.command("-n", "3", "DBSIZE") == "2")
        #expect(try await server.command("DBSIZE") == "0")
        let users = try await server.command("CLIENT", "LIST", "TYPE", "normal")
        #expect(users.contains("user=live"))
    }

    @Test func `a socket in the file system works like a port`() async throws {
        let server = try await RedisServer(password: "secret")
        let store = RedisSegmentStore(try RedisPool(RedisSettings(url: Secret("unix://:secret@\(server.socketPath)"))))
        try await store.put([content(5)], under: name(1))
        #expect(try await store.get(name(1)) == [content(5)])
    }

    @Test func `TLS works with large values and many callers`() async throws {
        let server = try await RedisServer(password: "secret", isTLS: true)
        let store = RedisSegmentStore(try RedisPool(RedisSettings(url: Secret(server.url))))
        let large = Bytes((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 8) })
        try await store.put([large[0..<1_000_000], large.dropFirst(1_000_000)], under: name(0))
        #expect(try await store.get(name(0)) == [large])
        try await withThrowingTaskGroup { group in
            for number in 1..<300 {
                group.addTask {
                    try await store.put([content(number)], under: name(number))
                    #expect(try await store.get(name(number)) == [content(number)])
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `TLS refuses a server that nobody vouches for, and one with another name`() async throws {
        let server = try await RedisServer(isTLS: true)
        let unknown = try RedisPool(RedisSettings(url: Secret("rediss://127.0.0.1:\(server.port)")))
        do {
            try await unknown.check()
            Issue.record("a certificate of nobody was taken")
        } catch { #expect("\(error)".contains("certificate")) }
        let url = "rediss://localhost:\(server.port)?ssl_ca_certs=\(server.authoritiesFile)"
        do {
            try await RedisPool(RedisSettings(url: Secret(url))).check()
            Issue.record("a certificate for another host was taken")
        } catch { #expect("\(error)".lowercased().contains("hostname mismatch")) }
        let missing = "rediss://127.0.0.1:\(server.port)?ssl_ca_certs=/nowhere.pem"
        #expect(throws: StreamError.self) { try RedisPool(RedisSettings(url: Secret(missing))) }
        let plain = try RedisPool(RedisSettings(url: Secret("redis://127.0.0.1:\(server.port)")))
        await #expect(throws: StreamError.self) { try await plain.check() }
    }

    @Test func `a server without TLS is refused when TLS is asked for`() async throws {
        let server = try await RedisServer()
        let pool = try RedisPool(RedisSettings(url: Secret("rediss://127.0.0.1:\(server.port)")))
        do {
            try await pool.check()
            Issue.record("TLS with a server that has none")
        } catch { #expect("\(error)".contains("TLS")) }
    }

    @Test func `a host that does not exist is told`() async throws {
        let pool = try RedisPool(RedisSettings(url: Secret("redis://:hunter2@does-not-exist.invalid")))
        do {
            try await pool.check()
            Issue.record("no such host was reached")
        } catch {
            #expect("\(error)".contains("does-not-exist.invalid"))
            #expect(!"\(error)".contains("hunter2"))
        }
    }

    @Test func `a pool that is let go of ends its threads and connections`() async throws {
        let server = try await RedisServer()
        var pool: RedisPool? = try RedisPool(RedisSettings(url: Secret(server.url)))
        try await pool?.check()
        pool = nil
        try await eventually("the connections are closed") {
            try await server.command("CLIENT", "LIST", "TYPE", "normal").split(separator: "\n").count == 1
        }
    }

    @Test func `a replica is left for whatever the address leads to now`() async throws {
        let server = try await RedisServer()
        let store = RedisSegmentStore(try RedisPool(RedisSettings(url: Secret(server.url))))
        try await store.put([[1]], under: name(1))
        _ = try await server.command("REPLICAOF", "127.0.0.1", "1")
        do {
            try await store.put([[2]], under: name(2))
            Issue.record("a replica took a write")
        } catch { #expect("\(error)".contains("is a replica")) }
        _ = try await server.command("REPLICAOF", "NO", "ONE")
        try await eventually("writes work again") { (try? await store.put([[2]], under: name(2))) != nil }
    }
}
