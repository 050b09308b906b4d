import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import LocalBackend

@Suite(.timeLimit(.minutes(1))) struct OrderedFanOutTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 0))

    @Test func `an append delivers before it returns`() async throws {
        let fanOut = OrderedFanOut<Int>()
        let received = Mutex<[Int]>([])
        let isFollowing = Mutex(false)
        let follower = Task {
            await fanOut.follow { _, value in
                if value < 0 { isFollowing.withLock { $0 = true } } else { received.withLock { $0.append(value) } }
            }
        }
        try await eventually("the follower is there") {
            try fanOut.append(-1, for: stream)
            return isFollowing.withLock { $0 }
        }
        for value in 0..<100 {
            try fanOut.append(value, for: stream)
            #expect(received.withLock { $0.last } == value)
        }
        follower.cancel()
        await follower.value
    }

    /// The receiver appends in turn, which must neither hang nor run inside itself; what it may add is bounded.
    @Test func `a receiver is never entered twice for one stream, and what waits is bounded`() async throws {
        let fanOut = OrderedFanOut<Int>(waitingMax: 10)
        let stream = stream
        let seen = Mutex<(depth: Int, deepest: Int, refused: Int, values: [Int])>((0, 0, 0, []))
        let follower = Task {
            await fanOut.follow { _, value in
                seen.withLock { seen in
                    seen.depth += 1
                    seen.deepest = max(seen.deepest, seen.depth)
                    seen.values.append(value)
                }
                if value == 1 {
                    for next in 100..<120 {
                        do { try fanOut.append(next, for: stream) } catch { seen.withLock { $0.refused += 1 } }
                    }
                }
                seen.withLock { $0.depth -= 1 }
            }
        }
        try await eventually("the follower is there") {
            try fanOut.append(0, for: stream)
            return seen.withLock { !$0.values.isEmpty }
        }
        try fanOut.append(1, for: stream)
        seen.withLock { seen in
            #expect(seen.deepest == 1)
            #expect(seen.refused == 10)
            #expect(seen.values.suffix(11) == [1] + Array(100..<110))
        }
        follower.cancel()
        await follower.value
    }
}
