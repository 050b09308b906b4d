import Bytes
import FoundationEssentials
import LocalBackend
import StreamingCore
import Synchronization
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct TieredSegmentStoreTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 0))

    private func name(_ path: String) -> SegmentName { SegmentName(stream: stream, path: path) }

    /// A store that counts its calls, holds gets until it is let go, and fails on request.
    private final class ColdStore: SegmentStore {
        struct State {
            var contents: [SegmentName: [Bytes]] = [:]
            var gets = 0
            var isHeld = false
            var isBroken = false
        }

        let state: Mutex<State>

        init(isHeld: Bool = false, isBroken: Bool = false) {
            state = Mutex(State(isHeld: isHeld, isBroken: isBroken))
        }

        var gets: Int { state.withLock { $0.gets } }

        func letGo() { state.withLock { $0.isHeld = false } }

        func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
            try state.withLock { state throws(StreamError) in
                guard !state.isBroken else { throw .database(reason: "broken") }
                state.contents[name] = buffers
                return buffers
            }
        }

        func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
            state.withLock { $0.gets += 1 }
            while state.withLock({ $0.isHeld }) { await Task.yield() }
            return try state.withLock { state throws(StreamError) in
                guard !state.isBroken else { throw .database(reason: "broken") }
                return state.contents[name]
            }
        }

        func remove(_ names: [SegmentName]) async {
            state.withLock { state in for name in names { state.contents[name] = nil } }
        }

        func removeAll(of stream: StreamID) async {
            state.withLock { state in state.contents = state.contents.filter { $0.key.stream != stream } }
        }
    }

    @Test func `many who miss the same name cause one read, and its result is kept`() async throws {
        let cold = ColdStore(isHeld: true)
        cold.state.withLock { $0.contents[name("a")] = [[1, 2, 3]] }
        let store = TieredSegmentStore(memoryBytesMax: 1000, over: cold)
        try await withThrowingTaskGroup { group in
            for _ in 0..<100 { group.addTask { try await store.get(name("a")) } }
            try await eventually("the read has begun") { cold.gets > 0 }
            for _ in 0..<1000 { await Task.yield() }
            cold.letGo()
            for try await found in group { #expect(found == [[1, 2, 3]]) }
        }
        #expect(try await store.get(name("a")) == [[1, 2, 3]])
        #expect(cold.gets == 1)
        #expect(store.counters.memoryBytes == 3)
    }

    @Test func `a failed read is told to all who wait, and the next one tries again`() async throws {
        let cold = ColdStore(isHeld: true, isBroken: true)
        let store = TieredSegmentStore(memoryBytesMax: 1000, over: cold)
        await withTaskGroup { group in
            for _ in 0..<10 {
                group.addTask {
                    _ = await #expect(throws: StreamError.database(reason: "broken")) { try await store.get(name("a")) }
                }
            }
            group.addTask {
                while cold.gets == 0 { await Task.yield() }
                cold.letGo()
            }
        }
        cold.state.withLock { state in
            state.isBroken = false
            state.contents[name("a")] = [[7]]
        }
        #expect(try await store.get(name("a")) == [[7]])
    }

    @Test func `a name that is removed while it is read is not kept`() async throws {
        let cold = ColdStore(isHeld: true)
        cold.state.withLock { $0.contents[name("a")] = [[1]] }
        let store = TieredSegmentStore(memoryBytesMax: 1000, over: cold)
        let reading = Task { try await store.get(name("a")) }
        try await eventually("the read has begun") { cold.gets > 0 }
        await store.remove([name("a")])
        cold.letGo()
        _ = try await reading.value
        #expect(try await store.get(name("a")) == nil)
        #expect(store.counters.memoryBytes == 0)
    }

    @Test func `what is over the budget moves to the colder store and comes back`() async throws {
        let folder = try TemporaryDirectory()
        let directory = try await DirectorySegmentStore.open(at: folder.url.path)
        let store = TieredSegmentStore(memoryBytesMax: 1000, over: directory)
        let service = Task { await store.run() }
        for number in 0..<100 {
            try await store.put([Bytes([UInt8](repeating: UInt8(number), count: 100))], under: name("s/\(number)"))
        }
        try await eventually("the spilling is done") { store.counters.spillingBytes == 0 }
        #expect(store.counters.memoryBytes == 1000)
        #expect(store.counters.spilledSegments == 90)
        #expect(try await directory.get(name("s/0")) != nil)
        for number in 0..<100 {
            let found = try await store.get(name("s/\(number)"))
            #expect(found?.flatMap(\.array) == [UInt8](repeating: UInt8(number), count: 100))
        }
        #expect(store.counters.memoryBytes <= 1000)
        #expect(store.counters.droppedSegments == 0)
        service.cancel()
        await service.value
    }

    @Test func `a colder store that fails costs old segments alone, and they are counted`() async throws {
        let sink = RecordingSink()
        let store = TieredSegmentStore(
            memoryBytesMax: 30, over: ColdStore(isBroken: true),
            logger: Logger(service: "test", level: .info, sink: sink))
        try store.check()
        let service = Task { await store.run() }
        for number in 0..<10 {
            try await store.put([Bytes([UInt8](repeating: 1, count: 10))], under: name("\(number)"))
        }
        try await eventually("the losses are counted") { store.counters.failedSegments == 7 }
        #expect(try await store.get(name("9")) != nil)
        #expect(sink.lines.count == 1, "one line when it begins, not one per segment")
        #expect(throws: StreamError.self) { try store.check() }
        service.cancel()
        await service.value
    }
}
