import StreamingCore
import Testing

@testable import LocalBackend

@Suite struct NameQueueTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 0))

    /// Against a plain array, with a fixed seed.
    @Test func `the order is that of an array`() {
        var queue = NameQueue()
        var model: [(name: SegmentName, place: NameQueue.Place)] = []
        var seed: UInt64 = 7
        func random(_ limit: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % limit
        }
        for step in 0..<10_000 {
            switch random(4) {
            case 0, 1:
                let name = SegmentName(stream: stream, path: "\(step)")
                model.append((name, queue.append(name)))
            case 2 where !model.isEmpty: queue.remove(model.remove(at: random(model.count)).place)
            case 3 where !model.isEmpty:
                let moved = model.remove(at: random(model.count))
                queue.moveToEnd(moved.place)
                model.append(moved)
            default: break
            }
            #expect(queue.first == model.first?.name)
        }
        for (name, place) in model {
            #expect(queue.first == name)
            queue.remove(place)
        }
        #expect(queue.first == nil)
    }
}
