import Bytes
@testable import RedisBackend
import StreamingCore
import Synchronization
import Testing

/// What requests were answered with.
final class Outcomes: Sendable {
    private let kept = Mutex<[String]>([])

    var all: [String] { kept.withLock { $0 } }

    func request(
        _ name: String, _ commands: RedisCommands = RedisCommands("PING"), deadline: ContinuousClock.Instant = .now
    ) -> RedisRequest {
        RedisRequest(commands: commands, deadline: deadline) { outcome in
            self.kept.withLock {
                switch outcome {
                case .success(let replies): $0.append("\(name) got \(replies.count)")
                case .failure: $0.append("\(name) failed")
                }
            }
        }
    }
}

@Suite struct PipelineTests {
    private let outcomes = Outcomes()

    private func text(_ pipeline: Pipeline) -> String { pipeline.unsent.all.map(\.string).joined() }

    @Test func `commands are encoded as arrays of bulk strings`() {
        let commands = RedisCommands([["SET", .text("ké"), .buffers([[1], [], [2, 3]])], ["GET", .number(-7)]])
        let wire = "*3\r\n$3\r\nSET\r\n$3\r\nké\r\n$3\r\n\u{1}\u{2}\u{3}\r\n*2\r\n$3\r\nGET\r\n$2\r\n-7\r\n"
        #expect(commands.pieces.map(\.string).joined() == wire)
        #expect(commands.byteCount == wire.utf8.count)
        #expect(commands.count == 2)
    }

    @Test func `large values stay in buffers of their own`() {
        let value = Bytes([UInt8](repeating: 65, count: 5000))
        let commands = RedisCommands("SET", "k", .buffers([value, [66], value]), "NX")
        #expect(commands.pieces.count == 5)
        #expect(commands.pieces[1] == value && commands.pieces[3] == value)
        #expect(commands.pieces[2] == [66])
        #expect(commands.byteCount == commands.pieces.reduce(0) { $0 + $1.count })
    }

    @Test func `answers go to requests in order, however many commands these have`() throws {
        var pipeline = Pipeline()
        pipeline.append(outcomes.request("one"))
        pipeline.append(outcomes.request("two", RedisCommands([["A"], ["B"], ["C"]])))
        pipeline.append(outcomes.request("three"))
        pipeline.fill()
        let first = try pipeline.received(.integer(1))
        #expect(first?.replies == [.integer(1)])
        #expect(try pipeline.received(.integer(2)) == nil)
        #expect(try pipeline.received(.integer(3)) == nil)
        let second = try pipeline.received(.integer(4))
        #expect(second?.replies == [.integer(2), .integer(3), .integer(4)])
        #expect(try pipeline.received(.absent)?.replies == [.absent])
        #expect(pipeline.isEmpty)
        #expect(throws: RedisFailure.nonsense) { _ = try pipeline.received(.integer(5)) }
    }

    @Test(arguments: [1, 3, 14, 15, 50]) func `what the kernel took is not sent again`(size: Int) {
        var pipeline = Pipeline()
        for index in 0..<10 {
            pipeline.append(outcomes.request("\(index)", RedisCommands("GET", .number(Int64(index)))))
        }
        pipeline.fill()
        var sent = ""
        while !pipeline.unsent.isEmpty {
            let rest = text(pipeline)
            let taken = min(size, rest.utf8.count)
            sent += String(decoding: Array(rest.utf8)[..<taken], as: UTF8.self)
            pipeline.sent(taken)
        }
        #expect(sent == (0..<10).map { "*2\r\n$3\r\nGET\r\n$1\r\n\($0)\r\n" }.joined())
        #expect(!pipeline.hasUnsent)
    }

    @Test func `one write takes a bounded number of requests`() {
        var pipeline = Pipeline()
        let value = Bytes([UInt8](repeating: 0, count: 400_000))
        for _ in 0..<10 { pipeline.append(outcomes.request("put", RedisCommands("SET", "k", .buffers([value])))) }
        pipeline.fill()
        #expect(pipeline.unsent.count == 9)
        #expect(pipeline.hasUnsent)
    }

    @Test func `a lost connection gives back all that was not answered, in order`() throws {
        var pipeline = Pipeline()
        for index in 0..<5 { pipeline.append(outcomes.request("\(index)")) }
        pipeline.fill()
        _ = try pipeline.received(.integer(0))
        pipeline.append(outcomes.request("5"))
        for request in pipeline.lost() { request.answer(.failure(.network(reason: ""))) }
        #expect(outcomes.all == (1...5).map { "\($0) failed" })
        #expect(pipeline.isEmpty && !pipeline.hasUnsent && pipeline.deadline == nil)
    }

    @Test func `the deadline is that of the oldest request`() throws {
        var pipeline = Pipeline()
        let now = ContinuousClock.now
        pipeline.append(outcomes.request("a", deadline: now + .seconds(1)))
        pipeline.append(outcomes.request("b", deadline: now + .seconds(2)))
        #expect(pipeline.deadline == now + .seconds(1))
        pipeline.fill()
        #expect(pipeline.deadline == now + .seconds(1))
        _ = try pipeline.received(.absent)
        #expect(pipeline.deadline == now + .seconds(2))
    }
}
