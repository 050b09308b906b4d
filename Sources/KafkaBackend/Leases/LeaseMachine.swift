internal import StreamingCore

/// A partition as a worker has it: from its claim until it is given back or lost.
struct LeasedPartition: Hashable {
    var partition: Int32
    /// That of the lease: another one when the partition was lost and came back.
    var fence: Int64
}

/// Decides which partitions a worker claims, reads and gives back, from what it is told of the group.
struct LeaseMachine {
    /// What is to be done with a partition, in this order.
    enum Order: Equatable {
        /// It is ours: it is to be read.
        case take(LeasedPartition)
        /// Its readers are to come to an end; then it is to be reported as handed over.
        case handOver(LeasedPartition)
        /// Another worker has it: nothing may be written any more.
        case drop(LeasedPartition)
    }

    private enum Phase {
        /// Can be given up, or lost.
        case reading
        /// Becomes `released` when it is reported, or is lost.
        case handingOver
        /// Until it is seen that it is ours no more.
        case released
    }

    private struct Holding {
        var lease: LeasedPartition
        var phase: Phase
    }

    private let group: String
    private let worker: String
    private let leaseMilliseconds: Int64
    private let partitionCount: Int
    private var holdings: [Int32: Holding] = [:]
    private var isLeaving = false
    /// The newest answer; `nil` when the newest beat had none.
    private var view: LeaseView?
    /// Whether the newest beat claimed something and got nothing.
    private var hasClaimedInVain = false

    /// How long before the next beat, where nothing else is to be done, in milliseconds: several may be lost.
    var beatMilliseconds: Int64 { min(max(leaseMilliseconds / 6, 50), 1000) }
    /// How much later than another's lease ends a claim is made, in milliseconds.
    private static let marginMilliseconds: Int64 = 5
    /// The least between two beats that nobody asked for, in milliseconds.
    private static let pauseMillisecondsMin: Int64 = 5

    init(group: String, worker: String, leaseMilliseconds: Int64, partitionCount: Int) {
        self.group = group
        self.worker = worker
        self.leaseMilliseconds = leaseMilliseconds
        self.partitionCount = partitionCount
    }

    /// Whether everything was given back.
    var hasLeft: Bool { isLeaving && holdings.isEmpty && view != nil }
    /// Whether it is about to leave and reads nothing any more.
    var isDone: Bool { isLeaving && !holdings.values.contains { $0.phase != .released } }

    /// What is to be said now.
    var beat: LeaseBeat {
        LeaseBeat(
            group: group, worker: worker, isLeaving: isLeaving, leaseMilliseconds: leaseMilliseconds,
            partitionCount: partitionCount, claims: claims,
            releases: holdings.values.filter { $0.phase == .released }.map(\.lease.partition).sorted())
    }

    /// How long to wait for the next beat, in milliseconds.
    var pauseMilliseconds: Int64 {
        guard let view, !isLeaving else { return beatMilliseconds }
        if !hasClaimedInVain, !dueClaims(in: view).isEmpty { return Self.pauseMillisecondsMin }
        guard view.isSettled else { return beatMilliseconds }
        let owners = Set(view.leases.map(\.worker))
        let ends = view.workers.filter { $0.remainingMilliseconds > 0 && $0.name != worker && owners.contains($0.name) }
            .map { $0.remainingMilliseconds + Self.marginMilliseconds }
        return min(beatMilliseconds, ends.min() ?? beatMilliseconds)
    }

    // MARK: Facts

    /// The beat was answered.
    ///
    /// - Parameter streams: How many streams each partition has that is read.
    mutating func answered(_ answer: LeaseView, streams: [Int32: Int]) -> [Order] {
        let claimed = claims
        view = answer
        let mine = Dictionary(
            answer.leases.filter { $0.worker == worker }.map { ($0.partition, $0.fence) }, uniquingKeysWith: max)
        hasClaimedInVain = !claimed.isEmpty && !claimed.contains { mine[$0] != nil }
        return orders(forLost: mine) + orders(forNew: mine) + ordersForSurplus(streams)
    }

    /// Nobody answered: what is ours stays ours until somebody says otherwise.
    mutating func unanswered() { view = nil }

    /// The readers of a partition have come to their end.
    mutating func handedOver(_ lease: LeasedPartition) {
        guard let holding = holdings[lease.partition], holding.lease == lease, holding.phase == .handingOver else {
            return
        }
        holdings[lease.partition]?.phase = .released
    }

    /// The worker is to end: all is handed over. Saying it again does nothing.
    mutating func leave() -> [Order] {
        isLeaving = true
        return handOver(holdings.keys.sorted())
    }

    // MARK: Decisions

    private mutating func orders(forLost mine: [Int32: Int64]) -> [Order] {
        let lost = holdings.values.filter { mine[$0.lease.partition] != $0.lease.fence }
            .sorted { $0.lease.partition < $1.lease.partition }
        for holding in lost { holdings[holding.lease.partition] = nil }
        return lost.filter { $0.phase != .released }.map { .drop($0.lease) }
    }

    private mutating func orders(forNew mine: [Int32: Int64]) -> [Order] {
        let new = mine.filter { holdings[$0.key] == nil }.map { LeasedPartition(partition: $0.key, fence: $0.value) }
            .sorted { $0.partition < $1.partition }
        // One that came when we were about to end, or that we did not hear of, is given back unread.
        for lease in new { holdings[lease.partition] = Holding(lease: lease, phase: isLeaving ? .released : .reading) }
        return isLeaving ? [] : new.map { .take($0) }
    }

    private mutating func ordersForSurplus(_ streams: [Int32: Int]) -> [Order] {
        guard let view, view.isSettled, !isLeaving else { return [] }
        let quota = shares(in: view, withoutThoseSilentIn: 0).quotas[worker] ?? 0
        let reading = holdings.values.filter { $0.phase == .reading }.map(\.lease.partition)
        let counts = Dictionary(uniqueKeysWithValues: reading.map { ($0, streams[$0] ?? 0) })
        return handOver(PartitionShares.surplus(of: counts, keeping: quota))
    }

    private mutating func handOver(_ partitions: [Int32]) -> [Order] {
        partitions.compactMap { partition in
            guard let holding = holdings[partition], holding.phase == .reading else { return nil }
            holdings[partition]?.phase = .handingOver
            return .handOver(holding.lease)
        }
    }

    private var claims: [Int32] {
        guard let view, !isLeaving else { return [] }
        let due = dueClaims(in: view)
        // Of those who will have been silent for too long when the next beat arrives, their partitions alone.
        guard view.isSettled else { return due }
        let expected = expectedSilent(in: view)
        guard !expected.isEmpty else { return due }
        let theirs = Set(view.leases.filter { expected.contains($0.worker) }.map(\.partition))
        let later = shares(in: view, withoutThoseSilentIn: beatMilliseconds).claims(of: worker)
        return due + later.filter { theirs.contains($0) && !due.contains($0) }
    }

    private func dueClaims(in view: LeaseView) -> [Int32] {
        shares(in: view, withoutThoseSilentIn: 0).claims(of: worker)
    }

    private func expectedSilent(in view: LeaseView) -> Set<String> {
        let silent = view.workers.filter {
            $0.name != worker && $0.remainingMilliseconds > 0 && $0.remainingMilliseconds <= beatMilliseconds
        }
        return Set(silent.map(\.name))
    }

    /// - Parameter milliseconds: Who has no more left than that counts as gone.
    private func shares(in view: LeaseView, withoutThoseSilentIn milliseconds: Int64) -> PartitionShares {
        // Nobody is gone as long as silence says nothing, and nobody of those who were silent is counted on either.
        let living = Set(
            view.workers.filter { $0.remainingMilliseconds > milliseconds || $0.name == worker }.map(\.name))
        let readers = view.workers.filter { living.contains($0.name) && !$0.isLeaving }.map(\.name)
        var owners: [Int32: String] = [:]
        for lease in view.leases where living.contains(lease.worker) || !view.isSettled {
            owners[lease.partition] = lease.worker
        }
        let free = (0..<Int32(clamping: partitionCount)).filter { owners[$0] == nil }
        return PartitionShares(workers: readers, owners: owners, free: free, partitionCount: partitionCount)
    }
}
