import Bytes
import LocalBackend
import RedisBackend
import StreamingCore
import TestKit
import Testing

/// An implementation of ``TimelineSnapshots`` that the contract is run on. A new one is one more line in `all`.
struct TimelineSnapshotsBackend: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Calls its argument with an empty store.
    let withStore: @Sendable (@Sendable (any TimelineSnapshots) async throws -> Void) async throws -> Void

    static let all = [
        TimelineSnapshotsBackend(testDescription: "memory") { body in try await body(MemoryTimelineSnapshots()) },
        TimelineSnapshotsBackend(testDescription: "Redis") { body in
            let server = try await RedisServer()
            try await body(RedisTimelineSnapshots(RedisPool(RedisSettings(url: Secret(server.url)))))
        },
    ]
}

/// What every ``TimelineSnapshots`` does.
@Suite(.timeLimit(.minutes(1))) struct TimelineSnapshotsContract {
    private let stream = StreamID(at: .noon)

    private func record(_ number: Int64) -> Bytes { Bytes(utf8: "record \(number)\r\n\0") }

    private func records(_ numbers: ClosedRange<Int64>) -> [Bytes] { numbers.map { record($0) } }

    private func snapshot(_ numbers: ClosedRange<Int64>) -> TimelineSnapshot {
        TimelineSnapshot(stream: stream, first: numbers.lowerBound, records: records(numbers))
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `records are kept in order, as many as the writer wants`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            for number in Int64(100)..<130 {
                let first = max(100, number - 9)
                let isKept = try await store.append(
                    record(number), number: number, keepingFrom: first, of: stream, fence: 7)
                #expect(isKept)
                #expect(try await store.load(stream) == snapshot(first...number))
            }
            #expect(try await store.append(record(130), number: 130, keepingFrom: 130, of: stream, fence: 7))
            #expect(try await store.load() == [snapshot(130...130)])
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `nothing is appended behind a gap`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            try await store.replace(with: records(10...20), from: 10, of: stream, fence: 1)
            #expect(try await !store.append(record(22), number: 22, keepingFrom: 15, of: stream, fence: 1))
            #expect(try await !store.append(record(21), number: 21, keepingFrom: 9, of: stream, fence: 1))
            #expect(try await !store.append(record(9), number: 9, keepingFrom: 9, of: stream, fence: 1))
            #expect(try await store.load(stream) == snapshot(10...20))
            #expect(try await store.append(record(21), number: 21, keepingFrom: 10, of: stream, fence: 1))
            #expect(try await store.load(stream) == snapshot(10...21))
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `an empty store asks for all records`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            #expect(try await store.load(stream) == nil)
            #expect(try await store.load() == [])
            #expect(try await !store.append(record(5), number: 5, keepingFrom: 3, of: stream, fence: 1))
            #expect(try await store.load(stream) == nil)
            try await store.replace(with: records(3...5), from: 3, of: stream, fence: 1)
            #expect(try await store.append(record(6), number: 6, keepingFrom: 4, of: stream, fence: 1))
            #expect(try await store.load(stream) == snapshot(4...6))
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `a record that is made again replaces the first one`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            try await store.replace(with: records(1...9), from: 1, of: stream, fence: 1)
            #expect(try await store.append([9, 9], number: 9, keepingFrom: 2, of: stream, fence: 1))
            #expect(try await store.load(stream)?.records == records(2...8) + [[9, 9]])
            #expect(try await store.append([5, 5], number: 5, keepingFrom: 2, of: stream, fence: 2))
            #expect(try await store.load(stream)?.records == records(2...4) + [[5, 5]])
            #expect(try await store.append([2, 2], number: 2, keepingFrom: 2, of: stream, fence: 2))
            #expect(
                try await store.load(stream) == TimelineSnapshot(stream: stream, first: 2, records: [[2, 2]]))
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `a replacement leaves nothing of what was`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            try await store.replace(with: records(1...2500), from: 1, of: stream, fence: 1)
            #expect(try await store.load(stream) == snapshot(1...2500))
            try await store.replace(with: records(7...8), from: 7, of: stream, fence: 1)
            #expect(try await store.load(stream) == snapshot(7...8))
            try await store.replace(with: [], from: 9, of: stream, fence: 1)
            #expect(try await store.load(stream) == nil)
            #expect(try await store.load() == [])
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `a writer with a lower fence than one seen is refused`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            let fences: [Int64] = [.min, -1, 0, 9, 10, 1 << 53, 1 << 53 + 1, .max - 1, .max]
            for (lower, fence) in zip(fences, fences.dropFirst()) {
                try await store.replace(with: records(1...3), from: 1, of: stream, fence: fence)
                await #expect(throws: StreamError.self) {
                    try await store.append(record(4), number: 4, keepingFrom: 1, of: stream, fence: lower)
                }
                await #expect(throws: StreamError.self) {
                    try await store.replace(with: records(8...9), from: 8, of: stream, fence: lower)
                }
                #expect(try await store.load(stream) == snapshot(1...3))
            }
            try await store.remove(stream)
            do {
                try await store.replace(with: records(8...9), from: 8, of: stream, fence: 10)
                Issue.record("the fence was forgotten with the records")
            } catch StreamError.conflict {}
            #expect(try await store.load(stream) == nil)
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `even an append that changes nothing raises the fence`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            try await store.replace(with: records(1...3), from: 1, of: stream, fence: 1)
            #expect(try await !store.append(record(9), number: 9, keepingFrom: 1, of: stream, fence: 2))
            do {
                _ = try await store.append(record(4), number: 4, keepingFrom: 1, of: stream, fence: 1)
                Issue.record("the fence was not raised")
            } catch StreamError.conflict {}
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `all streams are loaded, and a removed one is not`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            var kept: [StreamID: TimelineSnapshot] = [:]
            for number in Int64(1)...60 {
                let id = StreamID(at: .noon)
                try await store.replace(with: records(number...(2 * number)), from: number, of: id, fence: number)
                kept[id] = TimelineSnapshot(stream: id, first: number, records: records(number...(2 * number)))
            }
            let removed = try #require(kept.keys.first)
            try await store.remove(removed)
            try await store.remove(removed)
            kept[removed] = nil
            let loaded = try await store.load()
            #expect(Dictionary(uniqueKeysWithValues: loaded.map { ($0.stream, $0) }) == kept)
            #expect(try await store.load(removed) == nil)
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `empty, binary and numerous records come back`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            let all: [Bytes] = [[], Bytes((0...255).map { UInt8($0) }), Bytes([UInt8](repeating: 13, count: 200_000))]
            try await store.replace(with: all, from: 0, of: stream, fence: 0)
            #expect(try await store.load(stream)?.records == all)
            #expect(try await store.append([], number: 3, keepingFrom: 0, of: stream, fence: 0))
            #expect(try await store.load(stream)?.records == all + [[]])
            let last = TimelineSnapshotLimits.numberMax
            let other = StreamID(at: .noon)
            #expect(try await store.append([1], number: last - 1, keepingFrom: last - 1, of: other, fence: 0))
            #expect(try await store.append([2], number: last, keepingFrom: last - 1, of: other, fence: 0))
            #expect(
                try await store.load(other) == TimelineSnapshot(stream: other, first: last - 1, records: [[1], [2]]))
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `what is beyond the bounds is refused`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            let numbers: [(Int64, Int64)] = [(-1, -1), (3, 4), (3, -1), (.max, .max), (.max, .min), (70_000, 0)]
            for (number, first) in numbers {
                await #expect(throws: StreamError.self) {
                    _ = try await store.append([1], number: number, keepingFrom: first, of: stream, fence: 0)
                }
            }
            let large = Bytes([UInt8](repeating: 0, count: TimelineSnapshotLimits.recordBytesMax + 1))
            await #expect(throws: StreamError.self) {
                try await store.replace(with: [large], from: 0, of: stream, fence: 0)
            }
            let kept = try await store.load()
            #expect(kept.isEmpty)
        }
    }

    @Test(arguments: TimelineSnapshotsBackend.all)
    func `of two writers only one goes on`(_ backend: TimelineSnapshotsBackend) async throws {
        try await backend.withStore { store in
            let refused = await withTaskGroup { group in
                for fence in Int64(1)...2 {
                    group.addTask {
                        do {
                            for number in Int64(1)...50 {
                                let kept = try await store.append(
                                    Bytes(utf8: "\(fence)"), number: number, keepingFrom: 1, of: stream, fence: fence)
                                guard !kept else { continue }
                                let all = [Bytes](repeating: Bytes(utf8: "\(fence)"), count: Int(number))
                                try await store.replace(with: all, from: 1, of: stream, fence: fence)
                            }
                            return false
                        } catch {
                            return fence == 1
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            let loaded = try await store.load(stream)
            #expect(loaded?.records.count == 50)
            #expect(loaded?.records.last == Bytes(utf8: "2"))
            #expect(refused <= 1)
        }
    }
}
