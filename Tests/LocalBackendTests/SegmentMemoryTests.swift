import Bytes
import StreamingCore
import Testing

@testable import LocalBackend

/// What leaves memory, and when.
@Suite final class SegmentMemoryTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 0))

    private var memory = SegmentMemory(bytesMax: 0, spillingBytesMax: 0)

    // The memory's calls, so that they can stand in an expectation.
    private func put(_ buffers: [Bytes], under name: SegmentName) -> Bool { memory.put(buffers, under: name) }
    private func get(_ name: SegmentName) -> [Bytes]? { memory.get(name) }
    private func remove(_ name: SegmentName) -> Bool { memory.remove(name) }
    private func nextSpill() -> (name: SegmentName, buffers: [Bytes])? { memory.nextSpill() }
    private func spillEnded(_ name: SegmentName, isStored: Bool) -> Bool {
        memory.spillEnded(name, isStored: isStored)
    }

    private func name(_ number: Int) -> SegmentName { SegmentName(stream: stream, path: "\(number)") }

    private func content(_ number: Int, count: Int = 10) -> [Bytes] {
        [Bytes([UInt8](repeating: UInt8(number), count: count))]
    }

    private func present(of numbers: Range<Int>) -> [Int] { numbers.filter { get(name($0)) != nil } }

    @Test func `without a colder store the oldest are dropped and counted`() {
        memory = SegmentMemory(bytesMax: 35, spillingBytesMax: 0)
        for number in 0..<5 { #expect(!put(content(number), under: name(number))) }
        #expect(present(of: 0..<5) == [2, 3, 4])
        #expect(memory.counters.memoryBytes == 30)
        #expect(memory.counters.droppedSegments == 2)
    }

    @Test func `the oldest are spilled in order and readable until they are written`() throws {
        memory = SegmentMemory(bytesMax: 20, spillingBytesMax: 100)
        #expect(!put(content(0), under: name(0)))
        #expect(!put(content(1), under: name(1)))
        #expect(put(content(2), under: name(2)))
        #expect(put(content(3), under: name(3)))
        #expect(present(of: 0..<4) == [0, 1, 2, 3])
        #expect(memory.counters.memoryBytes == 20 && memory.counters.spillingBytes == 20)
        let first = try #require(nextSpill())
        #expect(first.name == name(0) && first.buffers == content(0))
        #expect(present(of: 0..<4) == [0, 1, 2, 3])
        #expect(!spillEnded(name(0), isStored: true))
        #expect(present(of: 0..<4) == [1, 2, 3])
        #expect(nextSpill()?.name == name(1))
        #expect(nextSpill() == nil)
        #expect(!spillEnded(name(1), isStored: false))
        #expect(memory.counters.spillingBytes == 0)
        #expect(memory.counters.spilledSegments == 1 && memory.counters.failedSegments == 1)
    }

    @Test func `while the colder store is too slow the oldest are dropped`() {
        memory = SegmentMemory(bytesMax: 20, spillingBytesMax: 30)
        for number in 0..<8 { _ = put(content(number), under: name(number)) }
        // 0, 1 and 2 wait for the colder store, 3, 4 and 5 had no place, 6 and 7 are within the budget.
        #expect(present(of: 0..<8) == [0, 1, 2, 6, 7])
        #expect(memory.counters.droppedSegments == 3)
        #expect(memory.counters.spillingBytes == 30 && memory.counters.memoryBytes == 20)
    }

    @Test func `copies leave before originals, the least recently used first`() {
        memory = SegmentMemory(bytesMax: 50, spillingBytesMax: 100)
        _ = put(content(0), under: name(0))
        for number in 1...3 { memory.keepCopy(content(number), of: name(number)) }
        _ = get(name(1))
        _ = put(content(4), under: name(4))
        #expect(memory.counters.memoryBytes == 50)
        _ = put(content(5), under: name(5))
        #expect(get(name(2)) == nil)
        _ = put(content(6), under: name(6))
        #expect(get(name(3)) == nil)
        #expect(present(of: 0..<7) == [0, 1, 4, 5, 6])
        #expect(memory.counters.spillingBytes == 0)
    }

    @Test func `a copy never pushes out an original`() {
        memory = SegmentMemory(bytesMax: 30, spillingBytesMax: 100)
        for number in 0..<3 { _ = put(content(number), under: name(number)) }
        memory.keepCopy(content(9), of: name(9))
        #expect(get(name(9)) == nil)
        #expect(present(of: 0..<3) == [0, 1, 2])
    }

    @Test func `a name that is here stays as it is`() {
        memory = SegmentMemory(bytesMax: 100, spillingBytesMax: 0)
        _ = put(content(1), under: name(1))
        _ = put(content(2), under: name(1))
        memory.keepCopy(content(3), of: name(1))
        #expect(get(name(1)) == content(1))
        #expect(memory.counters.memoryBytes == 10)
    }

    @Test func `removing tells whether the colder store may have it`() {
        memory = SegmentMemory(bytesMax: 20, spillingBytesMax: 100)
        for number in 0..<4 { _ = put(content(number), under: name(number)) }
        _ = nextSpill()
        #expect(remove(name(0)))
        #expect(!remove(name(1)))
        #expect(!remove(name(2)))
        #expect(remove(name(9)))
        memory.keepCopy(content(5), of: name(5))
        #expect(remove(name(5)))
        #expect(spillEnded(name(0), isStored: true))
        #expect(nextSpill() == nil)
        #expect(memory.counters.memoryBytes == 10 && memory.counters.spillingBytes == 0)
    }

    @Test func `a segment larger than the budget is spilled at once`() {
        memory = SegmentMemory(bytesMax: 20, spillingBytesMax: 100)
        #expect(put(content(1, count: 50), under: name(1)))
        #expect(memory.counters.memoryBytes == 0 && memory.counters.spillingBytes == 50)
    }

    /// Random calls with a fixed seed: the books always balance.
    @Test func `the books balance whatever is done`() {
        memory = SegmentMemory(bytesMax: 200, spillingBytesMax: 100)
        var seed: UInt64 = 42
        func random(_ limit: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % limit
        }
        var written: [SegmentName] = []
        for _ in 0..<20_000 {
            let number = random(60)
            switch random(7) {
            case 0, 1: _ = put(content(number, count: random(40)), under: name(number))
            case 2: memory.keepCopy(content(number, count: random(40)), of: name(number))
            case 3: _ = get(name(number))
            case 4: _ = remove(name(number))
            case 5: if let spill = nextSpill() { written.append(spill.name) }
            default: if let name = written.popLast() { _ = spillEnded(name, isStored: random(2) == 0) }
            }
            #expect(memory.counters.memoryBytes <= 200 && memory.counters.spillingBytes <= 100)
            #expect(memory.counters.memoryBytes >= 0 && memory.counters.spillingBytes >= 0)
        }
        memory.removeAll(of: stream)
        #expect(memory.counters.memoryBytes == 0 && memory.counters.spillingBytes == 0)
        #expect(nextSpill() == nil)
    }
}
