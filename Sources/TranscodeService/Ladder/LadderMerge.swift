/// Puts what several workers make of entries back into the order of the entries.
///
/// ```
/// append  ─▶ | 7: complete | 8: waits for 480p | 9: complete | 10: waits for 720p, 480p |
/// next    ◀─   taken first   then nothing, until 480p has posted for 8
/// ```
///
/// An entry is complete when all for which it waits have posted or were forgotten. The order and the content of what
/// comes out depend on the posts and not on the order in which they came.
///
/// It has no bound of its own: the caller sees ``count`` and appends no more than it wants to hold. Every operation
/// takes constant time on average, ``forget(_:)`` as long as entries are inside.
struct LadderMerge<Entry: Sendable, Output: Sendable>: Sendable {
    private struct Slot {
        let entry: Entry
        var waitingFor: Set<String>
        /// In the order of the names.
        var outputs: [(rung: String, outputs: [Output])] = []

        mutating func insert(_ rung: String, _ made: [Output]) {
            outputs.insert((rung, made), at: outputs.firstIndex { $0.rung > rung } ?? outputs.count)
        }
    }

    /// The entries inside, behind places that were taken.
    private var slots: [Slot?] = []
    private var takenCount = 0
    /// The place of the first element of `slots`.
    private var base = 0

    init() {}

    /// How many entries are inside.
    var count: Int { slots.count - takenCount }

    /// The place of the oldest entry; `nil` when none is inside.
    var oldest: Int? { count == 0 ? nil : base + takenCount }

    /// Who has yet to post for the oldest entry.
    var oldestWaitsFor: Set<String> { count == 0 ? [] : slots[takenCount]?.waitingFor ?? [] }

    /// Takes an entry in.
    ///
    /// - Parameter rungs: Who will post for it, by name.
    /// - Returns: Its place; places are counted from 0.
    mutating func append(_ entry: Entry, waitingFor rungs: Set<String> = []) -> Int {
        slots.append(Slot(entry: entry, waitingFor: rungs))
        return base + slots.count - 1
    }

    /// Takes what was made of an entry.
    ///
    /// - Returns: Whether the entry has waited for it; otherwise nothing changes.
    @discardableResult
    mutating func post(_ rung: String, _ place: Int, _ outputs: [Output]) -> Bool {
        let index = place - base
        guard index >= takenCount, index < slots.count else { return false }
        guard slots[index]?.waitingFor.remove(rung) != nil else { return false }
        slots[index]?.insert(rung, outputs)
        return true
    }

    /// Nobody posts under a name any more: no entry inside waits for it. What was posted stays, and entries that are
    /// appended later may wait for it again.
    mutating func forget(_ rung: String) {
        for index in takenCount..<slots.count { slots[index]?.waitingFor.remove(rung) }
    }

    /// Takes the oldest entry out, with what was posted for it in the order of the names.
    ///
    /// - Returns: `nil` while it is not complete, and when there is none.
    mutating func next() -> (entry: Entry, outputs: [(rung: String, outputs: [Output])])? {
        guard takenCount < slots.count, let slot = slots[takenCount], slot.waitingFor.isEmpty else { return nil }
        slots[takenCount] = nil
        takenCount += 1
        // Moving the rest is paid for by as many entries that were taken.
        if takenCount * 2 > slots.count {
            slots.removeFirst(takenCount)
            base += takenCount
            takenCount = 0
        }
        return (slot.entry, slot.outputs)
    }
}
