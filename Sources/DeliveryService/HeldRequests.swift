import StreamingCore

/// Requests that wait, each for a wish, as a machine without clock and lock.
///
/// Those with the same wish are a group: what comes wakes whole groups, and looks at no request that it does not wake.
/// - `Wish`: What is waited for. There are few different ones at a time, since requests for what is far ahead are
///   refused.
/// - `Waiter`: Whom to tell.
struct HeldRequests<Wish: Hashable, Waiter> {
    private struct Held {
        let deadline: WallTime
        let waiter: Waiter
    }

    /// All who had the same wish.
    struct Group {
        let wish: Wish
        let waiters: [Waiter]
    }

    let countMax: Int
    private(set) var count = 0
    private var groups: [Wish: [UInt64: Held]] = [:]
    /// No request's time is over before this.
    private var earliestDeadline: WallTime?

    /// - Parameter countMax: How many may wait; more are refused.
    init(countMax: Int) { self.countMax = countMax }

    /// Holds a request.
    ///
    /// - Parameter id: Unique among those that wait.
    /// - Returns: Whether it is held; not when there are ``countMax`` already.
    mutating func hold(_ id: UInt64, for wish: Wish, until deadline: WallTime, _ waiter: Waiter) -> Bool {
        guard count < countMax else { return false }
        groups[wish, default: [:]][id] = Held(deadline: deadline, waiter: waiter)
        earliestDeadline = min(earliestDeadline ?? deadline, deadline)
        count += 1
        return true
    }

    /// The viewer has gone.
    mutating func cancelled(_ id: UInt64) -> Waiter? {
        for wish in groups.keys {
            guard let held = groups[wish]?.removeValue(forKey: id) else { continue }
            if groups[wish]?.isEmpty == true { groups[wish] = nil }
            count -= 1
            return held.waiter
        }
        return nil
    }

    /// Gives up those whose wish came true.
    mutating func granted(where isTrue: (Wish) -> Bool) -> [Group] {
        groups.keys.filter(isTrue).map { wish in
            let held = groups.removeValue(forKey: wish) ?? [:]
            count -= held.count
            return Group(wish: wish, waiters: held.values.map(\.waiter))
        }
    }

    /// Gives up all.
    mutating func released() -> [Waiter] {
        defer {
            groups = [:]
            count = 0
        }
        return groups.values.flatMap { $0.values.map(\.waiter) }
    }

    /// Gives up those whose time is over.
    mutating func timePassed(_ now: WallTime) -> [Waiter] {
        guard let earliest = earliestDeadline, earliest <= now else { return [] }
        earliestDeadline = nil
        var over: [Waiter] = []
        for (wish, held) in groups {
            let late = held.filter { $0.value.deadline <= now }
            over += late.values.map(\.waiter)
            let rest = late.isEmpty ? held : held.filter { $0.value.deadline > now }
            groups[wish] = rest.isEmpty ? nil : rest
            for waiting in rest.values {
                earliestDeadline = min(earliestDeadline ?? waiting.deadline, waiting.deadline)
            }
        }
        count -= over.count
        return over
    }
}
