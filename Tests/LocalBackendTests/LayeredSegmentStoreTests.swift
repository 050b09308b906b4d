import Bytes
import LocalBackend
import StreamingCore
import Synchronization
import TestKit
import Testing

@Suite struct LayeredSegmentStoreTests {
    private let near = MemorySegmentStore(bytesMax: 1 << 20)
    private let far = MemorySegmentStore(bytesMax: 1 << 20)
    private let clock = ManualClock()
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1))

    private func name(_ path: String) -> SegmentName { SegmentName(stream: stream, path: path) }

    @Test func `a put is near and offered, a get finds what only the far store has`() async throws {
        let offered = Mutex<[SegmentName]>([])
        let store = LayeredSegmentStore(near: near, far: far, clock: clock) { name, _ in
            offered.withLock { $0.append(name) }
        }
        try await store.put([[1]], under: name("a"))
        try await far.put([[2]], under: name("b"))
        #expect(offered.withLock { $0 } == [name("a")])
        #expect(try await near.get(name("a")) == [[1]])
        #expect(try await far.get(name("a")) == nil)
        #expect(try await store.get(name("b")) == [[2]])
    }

    @Test func `what is nowhere is not looked for again for a moment, which is short near and longer far`() async throws
    {
        let store = LayeredSegmentStore(near: near, far: far, clock: clock)
        for path in ["near", "far"] { #expect(try await store.get(name(path)) == nil) }
        try await near.put([[1]], under: name("near"))
        try await far.put([[2]], under: name("far"))
        for path in ["near", "far"] { #expect(try await store.get(name(path)) == nil) }
        clock.advance(milliseconds: LayeredSegmentStore.nearAbsenceMilliseconds)
        #expect(try await store.get(name("near")) == [[1]], "put there by another process")
        #expect(try await store.get(name("far")) == nil)
        // Looking near again makes the far absence no longer.
        clock.advance(
            milliseconds: LayeredSegmentStore.absenceMilliseconds - LayeredSegmentStore.nearAbsenceMilliseconds)
        #expect(try await store.get(name("far")) == [[2]])
    }

    @Test func `what was put here is there, even if it was missed a moment ago`() async throws {
        let store = LayeredSegmentStore(near: near, far: far, clock: clock)
        #expect(try await store.get(name("a")) == nil)
        try await store.put([[1]], under: name("a"))
        #expect(try await store.get(name("a")) == [[1]])
    }

    @Test func `removing and retiring leave the far store alone, deleting does not`() async throws {
        let store = LayeredSegmentStore(near: near, far: far, clock: clock)
        for path in ["a", "b"] {
            try await near.put([[1]], under: name(path))
            try await far.put([[1]], under: name(path))
        }
        await store.remove([name("a")])
        await store.retire(stream)
        #expect(try await near.get(name("b")) == nil)
        #expect(try await far.get(name("a")) == [[1]])
        await store.removeAll(of: stream)
        #expect(try await far.get(name("b")) == nil)
    }
}
