import Bytes
@testable import RedisBackend
import StreamingCore
import TestKit
import Testing

/// Servers that are none, or not ours: every call ends with an error in time, and nothing crashes or grows.
@Suite(.timeLimit(.minutes(1))) struct MisbehavingServerTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_800_000_000_000))

    private func pool(_ server: FakeServer) throws -> RedisPool {
        var settings = RedisSettings(address: .tcp(host: "127.0.0.1", port: server.port))
        settings.connectionCount = 2
        settings.connectTimeMax = .milliseconds(500)
        settings.callTimeMax = .milliseconds(500)
        return try RedisPool(settings)
    }

    static let nonsense: [FakeServer.Behaviour] = [
        .answer(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)), .answer([0, 1, 2, 255, 13, 10]),
        .answer(Array("$100\r\nshort".utf8)), .answerAndClose(Array("$100\r\nshort".utf8)), .answerAndClose([]),
        .answer(Array("*1000000000\r\n".utf8)), .answer(Array("*1\r\n".utf8)), .answer(Array(":1\r\n".utf8)),
        .answer(Array("*0\r\n".utf8)), .answer(Array("+OK\r\n".utf8)), .answer(Array("$-5\r\n".utf8)),
        .answer(Array("-ERR GET 'hunter2'\r\n".utf8)), .answer(Array("-\r\n".utf8)),
        .repeatForEver(Array("$500000000\r\n".utf8)), .repeatForEver(Array(":1\r\n:1\r\n:1\r\n".utf8)),
        .repeatForEver([UInt8](repeating: 43, count: 65_536)),
    ]

    @Test(arguments: nonsense.indices)
    func `an answer that is none is an error`(_ index: Int) async throws {
        let server = try FakeServer(Self.nonsense[index])
        let pool = try pool(server)
        let store = RedisSegmentStore(pool)
        let snapshots = RedisTimelineSnapshots(pool)
        let name = SegmentName(stream: stream, path: "source/segment-1.m4s")
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await store.get(name) }, { try await store.put([[1]], under: name) },
            { _ = try await snapshots.load(stream) },
            { _ = try await snapshots.append([1], number: 5, keepingFrom: 5, of: stream, fence: 1) },
        ]
        for call in calls {
            let duration = try await ContinuousClock().measure {
                do {
                    try await call()
                } catch let error as StreamError {
                    #expect(!"\(error)".contains("hunter2"))
                    return
                }
            }
            // Half a second for the server; the rest for a machine that is busy.
            #expect(duration < .seconds(10))
        }
        // These do not throw, and must end all the same.
        await store.removeAll(of: stream)
        await store.remove([name])
    }

    @Test(arguments: [
        "+PANG\r\n", "-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n", "$4\r\nPONG\r\n",
        "garbage", ":1\r\n", "",
    ])
    func `a server that does not greet as Redis does is not used`(_ greeting: String) async throws {
        let server = try FakeServer(.greetWith(Array(greeting.utf8)))
        let pool = try pool(server)
        do {
            try await pool.check()
            Issue.record("\(greeting) was taken for a greeting")
        } catch {
            guard case .network(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!reason.contains("hunter2"))
        }
    }

    @Test func `a server that closes every connection is not stormed`() async throws {
        let server = try FakeServer(.answerAndClose([]))
        let pool = try pool(server)
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(2) {
            _ = try? await pool.check()
            try await Task.sleep(for: .milliseconds(1))
        }
        // Two connections, whose attempts are at least 25, 50, 100, 200, 400 and 500 ms apart.
        #expect(server.connectionCount <= 20)
    }
}
