import StreamingCore
import Testing

@testable import DeliveryService

@Suite struct HeldRequestsTests {
    private func time(_ milliseconds: Int64) -> WallTime { WallTime(unixMilliseconds: milliseconds) }

    /// Requests 1 to 6, of which two each wait for the wishes 10, 20 and 30, until 100 times their number.
    private func six() -> HeldRequests<Int, String> {
        var held = HeldRequests<Int, String>(countMax: 6)
        for id in 1...6 {
            let isHeld = held.hold(UInt64(id), for: (id + 1) / 2 * 10, until: time(Int64(id) * 100), "viewer \(id)")
            #expect(isHeld)
        }
        return held
    }

    @Test(arguments: [(5, []), (10, [1, 2]), (20, [1, 2, 3, 4]), (99, [1, 2, 3, 4, 5, 6])])
    func `those wake whose wish came true, and no others`(reached: Int, expected: [Int]) {
        var held = six()
        let groups = held.granted { $0 <= reached }
        #expect(groups.allSatisfy { $0.wish <= reached })
        #expect(groups.flatMap(\.waiters).sorted() == expected.map { "viewer \($0)" })
        #expect(held.count == 6 - expected.count)
        #expect(held.granted { $0 <= reached }.isEmpty, "nobody wakes twice")
        #expect(held.released().count == 6 - expected.count)
        #expect(held.count == 0)
    }

    @Test(
        arguments: [(0, []), (99, []), (100, [1]), (350, [1, 2, 3]), (600, [1, 2, 3, 4, 5, 6])] as [(Int64, [Int])])
    func `those give up whose time is over`(now: Int64, expected: [Int]) {
        var held = six()
        #expect(held.timePassed(time(now)).sorted() == expected.map { "viewer \($0)" })
        #expect(held.timePassed(time(now)).isEmpty)
        #expect(held.count == 6 - expected.count)
        #expect(held.timePassed(time(1000)).count == 6 - expected.count, "the others' time comes")
    }

    @Test func `who has gone is not woken`() {
        var held = six()
        #expect(held.cancelled(3) == "viewer 3")
        #expect(held.cancelled(3) == nil)
        #expect(held.cancelled(7) == nil)
        #expect(held.count == 5)
        #expect(held.granted { $0 == 20 }.flatMap(\.waiters) == ["viewer 4"])
    }

    @Test func `more than the maximum are refused, until others have gone`() {
        var held = six()
        let isHeldAtFirst = held.hold(7, for: 10, until: time(700), "viewer 7")
        #expect(!isHeldAtFirst)
        _ = held.cancelled(1)
        let isHeld = held.hold(7, for: 10, until: time(700), "viewer 7")
        #expect(isHeld)
        #expect(held.granted { $0 == 10 }.flatMap(\.waiters).sorted() == ["viewer 2", "viewer 7"])
    }

    @Test func `nothing happens when nobody waits`() {
        var held = HeldRequests<Int, String>(countMax: 1)
        #expect(held.granted { _ in true }.isEmpty)
        #expect(held.timePassed(time(1)).isEmpty)
        #expect(held.released().isEmpty)
        #expect(held.cancelled(1) == nil)
        #expect(held.count == 0)
    }
}
