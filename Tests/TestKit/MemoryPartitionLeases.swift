public import StreamingCore
import Synchronization

/// Leases within the process, for tests: of readers that do not survive it, and of what reads by them.
public final class MemoryPartitionLeases: PartitionLeases {
    fileprivate struct Worker {
        var seenAt: ContinuousClock.Instant
        var lease: Duration
        var isLeaving: Bool
    }

    fileprivate struct Group {
        var workers: [String: Worker] = [:]
        var owners: [Int32: String] = [:]
        var fences: [Int32: Int64] = [:]
        var settledAt: ContinuousClock.Instant?
    }

    private let groups = Mutex<[String: Group]>([:])
    private let outage = Mutex(false)

    public init() {}

    /// Whether nobody is answered.
    public var isAway: Bool {
        get { outage.withLock { $0 } }
        set { outage.withLock { $0 = newValue } }
    }

    public func beat(_ beat: LeaseBeat) async throws(StreamError) -> LeaseView {
        guard !isAway else { throw .database(reason: "away for a test") }
        return groups.withLock { groups in groups[beat.group, default: Group()].take(beat, at: .now) }
    }
}

extension MemoryPartitionLeases.Group {
    fileprivate mutating func take(_ beat: LeaseBeat, at now: ContinuousClock.Instant) -> LeaseView {
        if let newest = workers.values.map(\.seenAt).max(),
            newest + .milliseconds(beat.leaseMilliseconds * 2 / 3) < now
        {
            settledAt = now + .milliseconds(max(beat.leaseMilliseconds, LeaseLimits.settlingMilliseconds))
        }
        workers[beat.worker] = MemoryPartitionLeases.Worker(
            seenAt: now, lease: .milliseconds(beat.leaseMilliseconds), isLeaving: beat.isLeaving)
        for partition in beat.releases where owners[partition] == beat.worker { owners[partition] = nil }
        for partition in beat.claims where !beat.isLeaving && isOver(owners[partition], at: now) {
            guard owners[partition] != beat.worker else { continue }
            owners[partition] = beat.worker
            fences[partition] = max((fences[partition] ?? 0) + 1, SystemWallClock().now().unixMilliseconds)
        }
        if beat.isLeaving, !owners.values.contains(beat.worker) { workers[beat.worker] = nil }
        return view(at: now)
    }

    private func isOver(_ owner: String?, at now: ContinuousClock.Instant) -> Bool {
        guard let owner else { return true }
        let isSilent = workers[owner].map { $0.seenAt + $0.lease <= now } ?? true
        return isSilent && isSettled(at: now)
    }

    private func isSettled(at now: ContinuousClock.Instant) -> Bool { settledAt.map { $0 <= now } ?? true }

    private func view(at now: ContinuousClock.Instant) -> LeaseView {
        LeaseView(
            workers: workers.sorted { $0.key < $1.key }.map { name, worker in
                let remaining = now.duration(to: worker.seenAt + worker.lease)
                return LeaseView.Worker(
                    name: name, remainingMilliseconds: Int64((remaining / .milliseconds(1)).rounded(.down)),
                    isLeaving: worker.isLeaving)
            },
            leases: owners.sorted { $0.key < $1.key }.map { partition, owner in
                LeaseView.Lease(partition: partition, worker: owner, fence: fences[partition] ?? 0)
            }, isSettled: isSettled(at: now))
    }
}
