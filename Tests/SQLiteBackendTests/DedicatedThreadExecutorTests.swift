import Glibc
import Testing

@testable import SQLiteBackend

@Suite(.timeLimit(.minutes(1))) struct DedicatedThreadExecutorTests {
    private actor Counter {
        private let executor = DedicatedThreadExecutor()
        private var threads: Set<pthread_t> = []
        private var count = 0

        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

        func increment() {
            threads.insert(pthread_self())
            count += 1
        }

        func result() -> (count: Int, threads: Set<pthread_t>) { (count, threads) }

        nonisolated func isOnExecutor() -> Bool { executor.isIsolatingCurrentContext() ?? false }

        func isOnExecutorInside() -> Bool { isOnExecutor() }
    }

    @Test func `all jobs run on one thread, none at the same time`() async {
        let counter = Counter()
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { for _ in 0..<100 { await counter.increment() } } }
        }
        let (count, threads) = await counter.result()
        #expect(count == 5000)
        #expect(threads.count == 1)
        #expect(!counter.isOnExecutor())
        #expect(await counter.isOnExecutorInside())
    }

    @Test func `threads end with their actors`() async throws {
        func threadCount() throws -> Int {
            var count = 0
            let folder = try #require(opendir("/proc/self/task"))
            while readdir(folder) != nil { count += 1 }
            closedir(folder)
            return count
        }
        for _ in 0..<500 { await Counter().increment() }
        // The last few may still be on their way out.
        var count = try threadCount()
        for _ in 0..<1000 where count > 250 {
            await Task.yield()
            count = try threadCount()
        }
        #expect(count <= 250)
    }
}
