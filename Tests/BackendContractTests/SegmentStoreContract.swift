import Bytes
import StreamingCore
import Testing

/// What every ``SegmentStore`` does.
@Suite(.timeLimit(.minutes(1))) struct SegmentStoreContract {
    private let stream = StreamID(at: .noon)

    private func name(_ path: String) -> SegmentName { SegmentName(stream: stream, path: path) }

    /// Bytes that differ from one number to the next.
    private func content(_ number: Int, count: Int = 1000) -> Bytes {
        Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number &* 7) })
    }

    @Test(arguments: SegmentStoreBackend.all)
    func `what was put comes back, joined, under its name`(_ backend: SegmentStoreBackend) async throws {
        try await backend.withStore { store in
            for number in 0..<20 {
                try await store.put(
                    [content(number), [1, 2], content(number + 1)], under: name("source/segment-\(number).m4s"))
            }
            for number in 0..<20 {
                let found = try await store.get(name("source/segment-\(number).m4s"))
                #expect(joined(found) == content(number).array + [1, 2] + content(number + 1).array)
            }
        }
    }

    @Test(arguments: SegmentStoreBackend.all)
    func `a name that is not there gives nothing`(_ backend: SegmentStoreBackend) async throws {
        try await backend.withStore { store in
            try await store.put([content(1)], under: name("source/segment-1.m4s"))
            #expect(try await store.get(name("source/segment-2.m4s")) == nil)
            #expect(try await store.get(name("audio/segment-1.m4s")) == nil)
            #expect(try await store.get(name("segment-1.m4s")) == nil)
            let other = SegmentName(stream: StreamID(at: .noon), path: "source/segment-1.m4s")
            #expect(try await store.get(other) == nil)
        }
    }

    @Test(arguments: SegmentStoreBackend.all)
    func `empty and large contents are kept`(_ backend: SegmentStoreBackend) async throws {
        try await backend.withStore { store in
            try await store.put([], under: name("none"))
            try await store.put([Bytes()], under: name("empty"))
            let large = content(3, count: 3_000_000)
            try await store.put([large], under: name("large"))
            #expect(joined(try await store.get(name("none"))) == [])
            #expect(joined(try await store.get(name("empty"))) == [])
            #expect(joined(try await store.get(name("large"))) == large.array)
        }
    }

    @Test(arguments: SegmentStoreBackend.all)
    func `removed names are gone, the others stay`(_ backend: SegmentStoreBackend) async throws {
        try await backend.withStore { store in
            for number in 0..<10 { try await store.put([content(number)], under: name("source/\(number)")) }
            await store.remove([name("source/0"), name("source/7"), name("not/there")])
            await store.remove([name("source/0")])
            for number in 0..<10 {
                let found = try await store.get(name("source/\(number)"))
                #expect(joined(found) == (number == 0 || number == 7 ? nil : content(number).array))
            }
        }
    }

    @Test(arguments: SegmentStoreBackend.all)
    func `removing all of a stream leaves the other streams`(_ backend: SegmentStoreBackend) async throws {
        try await backend.withStore { store in
            let other = StreamID(at: .noon)
            for number in 0..<10 {
                try await store.put([content(number)], under: name("source/\(number)"))
                try await store.put([content(number)], under: SegmentName(stream: other, path: "source/\(number)"))
            }
            await store.removeAll(of: stream)
            await store.removeAll(of: StreamID(at: .noon))
            for number in 0..<10 {
                #expect(try await store.get(name("source/\(number)")) == nil)
                let kept = try await store.get(SegmentName(stream: other, path: "source/\(number)"))
                #expect(joined(kept) == content(number).array)
            }
        }
    }

    @Test(arguments: SegmentStoreBackend.all)
    func `many may read and write at once`(_ backend: SegmentStoreBackend) async throws {
        try await backend.withStore { store in
            try await withThrowingTaskGroup { group in
                for writer in 0..<4 {
                    group.addTask {
                        for number in 0..<25 {
                            try await store.put([content(number)], under: name("w\(writer)/\(number)"))
                        }
                    }
                }
                try await group.waitForAll()
                for _ in 0..<8 {
                    group.addTask {
                        for number in 0..<100 {
                            let found = try await store.get(name("w\(number % 4)/\(number / 4)"))
                            #expect(joined(found) == content(number / 4).array)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func joined(_ buffers: [Bytes]?) -> [UInt8]? { buffers.map { $0.flatMap(\.array) } }
}
