import Dispatch
import Synchronization
import TestKit
import Testing

@testable import Codecs

@Suite struct CodecThreadTests {
    @Test func `jobs run one after the other, in order, and all of them before it ends`() async throws {
        let seen = Mutex<[Int]>([])
        let isDone = Mutex(false)
        do {
            let thread = CodecThread(name: "a name that is longer than fifteen")
            for index in 0..<1000 { thread.run { seen.withLock { $0.append(index) } } }
            thread.run { isDone.withLock { $0 = true } }
        }
        try await eventually("all jobs have run") { isDone.withLock { $0 } }
        #expect(seen.withLock { $0 } == Array(0..<1000))
    }

    @Test func `who brings too many waits, but not its own jobs`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let brought = Mutex(0)
        let thread = CodecThread(name: "full")
        let bringer = CodecThread(name: "bringer")
        thread.run { gate.wait() }
        bringer.run {
            for _ in 0..<CodecThread.jobsWaitingMax + 50 {
                thread.run {}
                brought.withLock { $0 += 1 }
            }
        }
        try await eventually("the queue is full") { brought.withLock { $0 } >= CodecThread.jobsWaitingMax - 1 }
        #expect(brought.withLock { $0 } <= CodecThread.jobsWaitingMax)
        gate.signal()
        try await eventually("there is room again") { brought.withLock { $0 } == CodecThread.jobsWaitingMax + 50 }
        let inner = Mutex(0)
        thread.run { for _ in 0..<CodecThread.jobsWaitingMax * 2 { thread.run { inner.withLock { $0 += 1 } } } }
        try await eventually("its own jobs run") { inner.withLock { $0 } == CodecThread.jobsWaitingMax * 2 }
    }
}
