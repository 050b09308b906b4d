import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import DeliveryService

@Suite struct SharedWorkTests {
    /// Work that waits until a test lets it end, and counts how often it was begun.
    private final class Work: Sendable {
        private let begun = Mutex(0)
        private let (ends, end) = AsyncStream<Void>.makeStream()

        var count: Int { begun.withLock { $0 } }

        func finish() { end.finish() }

        func run(_ value: Int) async throws(StreamError) -> Int {
            begun.withLock { $0 += 1 }
            for await _ in ends {}
            if Task.isCancelled { throw .overloaded(what: "cancelled") }
            return value
        }
    }

    @Test func `what many ask for is made once`() async throws {
        let (shared, work) = (SharedWork<String, Int>(), Work())
        try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<20 {
                group.addTask {
                    try await shared.value(for: "a") { () async throws(StreamError) in try await work.run(index) }
                }
            }
            try await eventually("it is being made") { work.count == 1 }
            work.finish()
            let values = try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            #expect(values.count <= work.count, "whoever came late made it anew, and nobody else")
        }
        #expect(try await shared.value(for: "b") { 7 } == 7)
    }

    @Test func `a failure is everybody's, and the next one tries again`() async throws {
        let shared = SharedWork<String, Int>()
        await #expect(throws: StreamError.overloaded(what: "store")) {
            try await shared.value(for: "a") { () async throws(StreamError) in throw .overloaded(what: "store") }
        }
        #expect(try await shared.value(for: "a") { 1 } == 1)
    }

    @Test func `when the viewer who makes it goes, another one makes it`() async throws {
        let (shared, abandoned) = (SharedWork<String, Int>(), Work())
        let first = Task {
            try await shared.value(for: "a") { () async throws(StreamError) in try await abandoned.run(1) }
        }
        try await eventually("the first one makes it") { abandoned.count == 1 }
        let second = Task { try await shared.value(for: "a") { 2 } }
        first.cancel()
        #expect(try await second.value == 2)
        await #expect(throws: StreamError.self) { try await first.value }
    }
}
