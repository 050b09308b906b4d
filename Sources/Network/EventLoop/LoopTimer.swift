/// Gets to know when a timer is due.
protocol LoopTimerTarget: AnyObject {
    /// The timer has left the heap; arming it again is allowed.
    func timerFired(_ timer: LoopTimer)
}

/// One entry of a loop's timer heap. It belongs to its loop's thread.
final class LoopTimer {
    /// When it is due, while it is armed.
    fileprivate(set) var deadline = LoopTime.never
    /// Where it stands in the heap, so that disarming needs no search; negative while it is not armed.
    fileprivate var position = -1
    /// Who is told. Held strongly only while the timer is armed, so that no cycle outlives it.
    fileprivate var target: (any LoopTimerTarget)?

    var isArmed: Bool { position >= 0 }
}

/// The deadlines of one loop, the earliest on top: a binary heap that knows where each timer stands.
struct LoopTimerHeap {
    private var timers: [LoopTimer] = []

    /// The earliest deadline; nil when no timer is armed.
    var earliest: LoopTime? { timers.first?.deadline }

    var count: Int { timers.count }

    /// Arms a timer, or moves its deadline when it is armed.
    mutating func arm(_ timer: LoopTimer, at deadline: LoopTime, for target: any LoopTimerTarget) {
        timer.deadline = deadline
        timer.target = target
        if timer.isArmed {
            siftDown(siftUp(timer.position))
        } else {
            timer.position = timers.count
            timers.append(timer)
            siftUp(timer.position)
        }
    }

    /// Forgets a timer; does nothing when it is not armed.
    mutating func disarm(_ timer: LoopTimer) {
        guard timer.isArmed else { return }
        let hole = timer.position
        timer.position = -1
        timer.target = nil
        let last = timers.removeLast()
        guard last !== timer else { return }
        timers[hole] = last
        last.position = hole
        siftDown(siftUp(hole))
    }

    /// Takes the earliest timer off the heap if it is due.
    mutating func popDue(_ now: LoopTime) -> (timer: LoopTimer, target: any LoopTimerTarget)? {
        guard let timer = timers.first, timer.deadline <= now, let target = timer.target else { return nil }
        disarm(timer)
        return (timer, target)
    }

    @discardableResult private mutating func siftUp(_ start: Int) -> Int {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard timers[child].deadline < timers[parent].deadline else { break }
            exchange(child, parent)
            child = parent
        }
        return child
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var earliest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < timers.count && timers[child].deadline < timers[earliest].deadline {
                earliest = child
            }
            guard earliest != parent else { return }
            exchange(parent, earliest)
            parent = earliest
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        timers.swapAt(a, b)
        timers[a].position = a
        timers[b].position = b
    }
}
