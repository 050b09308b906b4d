/// What the kernel says about a descriptor.
struct ReadyEvents: OptionSet {
    let rawValue: UInt32
}

/// Gets to know what the kernel says about its descriptor.
protocol EventTarget: AnyObject {
    func eventsArrived(_ events: ReadyEvents)
}

/// Names one registration of a descriptor with a loop, and never another one, also when the number of the descriptor
/// is used again: 32 bits of generation over 32 bits of slot.
struct RegistrationID: Equatable {
    let token: UInt64

    fileprivate init(slot: Int, generation: UInt32) {
        token = UInt64(generation) << 32 | UInt64(slot)
    }

    init(token: UInt64) { self.token = token }

    fileprivate var slot: Int { Int(token & 0xFFFF_FFFF) }
    fileprivate var generation: UInt32 { UInt32(token >> 32) }
}

/// Who is behind each registration of a loop.
///
/// One call of `epoll_wait` can return an event for a connection that the handler of an earlier event in the same
/// batch has closed, and whose slot and descriptor number already belong to a new one. The generation tells them apart.
struct RegistrationTable {
    private struct Slot {
        var generation: UInt32 = 0
        var target: (any EventTarget)?
    }

    private var slots: [Slot] = []
    private var free: [Int] = []

    /// How many registrations there are.
    var count: Int { slots.count - free.count }

    mutating func insert(_ target: any EventTarget) -> RegistrationID {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = slots.count
            slots.append(Slot())
        }
        slots[slot].target = target
        return RegistrationID(slot: slot, generation: slots[slot].generation)
    }

    /// Forgets a registration; does nothing when it is already forgotten.
    mutating func remove(_ id: RegistrationID) {
        guard target(id) != nil else { return }
        slots[id.slot].target = nil
        slots[id.slot].generation &+= 1
        free.append(id.slot)
    }

    /// Who is behind a registration; nil when it has ended.
    func target(_ id: RegistrationID) -> (any EventTarget)? {
        guard id.slot < slots.count, slots[id.slot].generation == id.generation else { return nil }
        return slots[id.slot].target
    }
}
