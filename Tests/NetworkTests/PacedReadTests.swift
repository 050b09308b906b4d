import Bytes
import Testing

@testable import Network

/// Reading a steady sender in beats.
@Suite(.timeLimit(.minutes(1))) struct PacedReadTests {
    @Test func `what comes between two beats is read together, and nothing is lost`() async throws {
        let group = try EventLoopGroup(count: 1)
        let listener = try TCPListener(host: "127.0.0.1", port: 0, group: group)
        let pieces = (0..<200).map { index in Bytes([UInt8](repeating: UInt8(index), count: 100)) }
        let reads = await withThrowingTaskGroup(of: [Int].self) { tasks in
            let (lengths, told) = AsyncStream<Int>.makeStream()
            tasks.addTask {
                await listener.run { connection in
                    while let bytes = try await connection.read(
                        pacedBy: .milliseconds(20), before: connection.loop.now + .seconds(20))
                    { told.yield(bytes.count) }
                    told.finish()
                }
                return []
            }
            tasks.addTask {
                try await TCPConnection.withConnection(to: listener.address, on: group.any()) { connection in
                    for piece in pieces {
                        try await connection.write(piece)
                        try await connection.loop.sleep(for: .milliseconds(1))
                    }
                }
                return []
            }
            var all: [Int] = []
            for await length in lengths { all.append(length) }
            tasks.cancelAll()
            return all
        }
        #expect(reads.reduce(0, +) == 20_000)
        #expect(reads.count < 150, "200 packets were read in \(reads.count) pieces")
        await group.shutdown()
    }

    @Test func `a burst larger than the buffer arrives whole, and the end is seen at once`() async throws {
        let group = try EventLoopGroup(count: 1)
        let listener = try TCPListener(host: "127.0.0.1", port: 0, group: group)
        let total = await withThrowingTaskGroup(of: Int.self) { tasks in
            let (totals, told) = AsyncStream<Int>.makeStream()
            tasks.addTask {
                await listener.run { connection in
                    var sum = 0
                    while let bytes = try await connection.read(
                        pacedBy: .milliseconds(20), before: connection.loop.now + .seconds(20))
                    { sum += bytes.count }
                    told.yield(sum)
                    told.finish()
                }
                return 0
            }
            tasks.addTask {
                try await TCPConnection.withConnection(to: listener.address, on: group.any()) { connection in
                    try await connection.write(Bytes([UInt8](repeating: 7, count: 3_000_000)))
                }
                return 0
            }
            var sum = 0
            for await one in totals { sum += one }
            tasks.cancelAll()
            return sum
        }
        #expect(total == 3_000_000)
        await group.shutdown()
    }

    @Test func `a silent peer is given up at the deadline`() async throws {
        let group = try EventLoopGroup(count: 1)
        let listener = try TCPListener(host: "127.0.0.1", port: 0, group: group)
        let (ends, told) = AsyncStream<Bool>.makeStream()
        await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await listener.run { connection in
                    do {
                        _ = try await connection.read(
                            pacedBy: .milliseconds(10), before: connection.loop.now + .milliseconds(60))
                    } catch NetworkError.readTimedOut { told.yield(true) }
                    told.finish()
                }
            }
            tasks.addTask {
                try await TCPConnection.withConnection(to: listener.address, on: group.any()) { connection in
                    _ = try await connection.read()
                }
            }
            for await timedOut in ends { #expect(timedOut) }
            tasks.cancelAll()
        }
        await group.shutdown()
    }
}
