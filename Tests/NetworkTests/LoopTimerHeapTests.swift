@testable import Network
import Testing

@Suite struct LoopTimerHeapTests {
    /// Remembers which timers fired.
    final class Target: LoopTimerTarget {
        func timerFired(_ timer: LoopTimer) {}
    }

    @Test func `timers leave in the order of their deadlines, whatever was armed, moved and disarmed`() {
        var random = SeededGenerator(7)
        var heap = LoopTimerHeap()
        let target = Target()
        let timers = (0..<500).map { _ in LoopTimer() }
        var expected: [Int: Int64] = [:]
        for _ in 0..<5_000 {
            let index = Int.random(in: timers.indices, using: &random)
            if Bool.random(using: &random) {
                let deadline = Int64.random(in: 0..<1_000, using: &random)
                heap.arm(timers[index], at: LoopTime(nanoseconds: deadline), for: target)
                expected[index] = deadline
            } else {
                heap.disarm(timers[index])
                expected[index] = nil
            }
            #expect(timers[index].isArmed == (expected[index] != nil))
        }
        #expect(heap.count == expected.count)
        #expect(heap.earliest?.nanoseconds == expected.values.min())
        var fired: [Int64] = []
        while let (timer, _) = heap.popDue(LoopTime(nanoseconds: 999)) { fired.append(timer.deadline.nanoseconds) }
        #expect(fired == expected.values.sorted())
        #expect(heap.earliest == nil)
    }

    @Test func `a timer is not due before its deadline`() {
        var heap = LoopTimerHeap()
        heap.arm(LoopTimer(), at: LoopTime(nanoseconds: 10), for: Target())
        #expect(heap.popDue(LoopTime(nanoseconds: 9)) == nil)
        #expect(heap.popDue(LoopTime(nanoseconds: 10)) != nil)
    }

    @Test func `a deadline that overflows is never`() {
        #expect(LoopTime(nanoseconds: 5) + Int64.max == .never)
        #expect(LoopTime(nanoseconds: 5) + Duration.seconds(Int64.max) == .never)
    }
}

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
