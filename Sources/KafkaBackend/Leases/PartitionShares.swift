/// How partitions are shared among workers: as evenly as their number allows, and so that as few as possible move.
///
/// Everybody who sees the same comes to the same result, so that workers need not talk about it.
struct PartitionShares: Equatable {
    private let owned: [String: Int]
    private let free: [Int32]
    /// How many each worker is to have.
    let quotas: [String: Int]

    /// - Parameters:
    ///   - workers: Those that read on.
    ///   - owners: Who has which partition; one that is not among the workers may not be there any more, or is about to
    ///     give the partition back.
    ///   - free: Those that can be had.
    ///   - partitionCount: All there are.
    init(workers: [String], owners: [Int32: String], free: [Int32], partitionCount: Int) {
        self.free = free.sorted()
        var owned: [String: Int] = [:]
        for worker in workers { owned[worker] = 0 }
        for owner in owners.values { owned[owner]? += 1 }
        self.owned = owned
        guard !workers.isEmpty else {
            quotas = [:]
            return
        }
        let (base, extra) = partitionCount.quotientAndRemainder(dividingBy: owned.count)
        // Who has more may keep one more, so that nothing moves where the numbers are even enough.
        let order = owned.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        var quotas: [String: Int] = [:]
        for (place, worker) in order.enumerated() { quotas[worker.key] = base + (place < extra ? 1 : 0) }
        self.quotas = quotas
    }

    /// What a worker is to claim: the free ones go, one after the other, to whoever has least.
    func claims(of worker: String) -> [Int32] {
        var owned = owned
        var claims: [Int32] = []
        for partition in free {
            let candidates = owned.filter { $0.value < quotas[$0.key] ?? 0 }
            guard let next = candidates.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { break }
            owned[next.key, default: 0] += 1
            if next.key == worker { claims.append(partition) }
        }
        return claims
    }

    /// Which of its partitions a worker gives up to come down to a number: so many of those with streams that its part
    /// of the streams goes down like its part of the partitions, and not one more.
    ///
    /// - Parameter streams: How many streams each of them has.
    static func surplus(of streams: [Int32: Int], keeping kept: Int) -> [Int32] {
        let count = streams.count - kept
        guard count > 0 else { return [] }
        let order = streams.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let busy = order.filter { $0.value > 0 }.map(\.key)
        let idle = order.filter { $0.value == 0 }.map(\.key)
        let busyCount = max(busy.count * count / streams.count, count - idle.count)
        return Array(busy.suffix(busyCount)) + Array(idle.suffix(count - busyCount))
    }
}
