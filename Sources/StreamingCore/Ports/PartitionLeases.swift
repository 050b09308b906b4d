/// Who of several workers reads which partition of a log: each partition is leased by one of them at a time.
///
/// A worker says every now and then that it lives. One that is silent for as long as its leases last has lost them to
/// whoever claims them first. Silence is measured by one clock, that of the implementation, and it does not count while
/// no worker at all was heard: then it was the implementation that was away.
public protocol PartitionLeases: Sendable {
    /// Does all at once: says that the worker lives, gives back what it releases, gives it what it claims of what is
    /// free or whose worker is silent, and tells how things stand then. Doing it twice does no harm.
    ///
    /// Two workers never get the same partition, whatever they do at the same time.
    ///
    /// - Throws: ``StreamError/database(reason:)``, ``StreamError/network(reason:)`` or
    ///   ``StreamError/overloaded(what:)`` when nobody answers in time; what was asked for may have happened or not.
    func beat(_ beat: LeaseBeat) async throws(StreamError) -> LeaseView
}

/// What a worker says.
public struct LeaseBeat: Sendable, Equatable {
    /// Those that share the partitions among themselves.
    public var group: String
    /// Another name for every start of a process: who has started again has nothing of what it had before.
    public var worker: String
    /// Whether it is about to end: the others count without it. Its name is forgotten with its last partition.
    public var isLeaving: Bool
    /// How long it may be silent before others may claim what it has, in milliseconds, above 0.
    public var leaseMilliseconds: Int64
    /// How many partitions there are, from number 0 on.
    public var partitionCount: Int
    /// What it wants to have, as far as nobody has it. At most as many as there are.
    public var claims: [Int32]
    /// What it gives back. Nothing happens to those that it does not have.
    public var releases: [Int32]

    public init(
        group: String, worker: String, isLeaving: Bool = false, leaseMilliseconds: Int64, partitionCount: Int,
        claims: [Int32] = [], releases: [Int32] = []
    ) {
        self.group = group
        self.worker = worker
        self.isLeaving = isLeaving
        self.leaseMilliseconds = leaseMilliseconds
        self.partitionCount = partitionCount
        self.claims = claims
        self.releases = releases
    }
}

/// How things stand in a group.
public struct LeaseView: Sendable, Equatable {
    /// Somebody who reads, or did.
    public struct Worker: Sendable, Equatable {
        public var name: String
        /// How long it may still be silent; zero or less when others may claim what it has.
        public var remainingMilliseconds: Int64
        public var isLeaving: Bool

        public init(name: String, remainingMilliseconds: Int64, isLeaving: Bool = false) {
            self.name = name
            self.remainingMilliseconds = remainingMilliseconds
            self.isLeaving = isLeaving
        }
    }

    /// A partition that somebody has.
    public struct Lease: Sendable, Equatable {
        public var partition: Int32
        public var worker: String
        /// Another number, and a higher one, each time that somebody claims the partition: at least the time of the
        /// claim, in milliseconds since the Unix epoch, by the implementation's clock.
        public var fence: Int64

        public init(partition: Int32, worker: String, fence: Int64) {
            self.partition = partition
            self.worker = worker
            self.fence = fence
        }
    }

    /// In the order of their names.
    public var workers: [Worker]
    /// In the order of the partitions.
    public var leases: [Lease]
    /// Whether silence says something about workers: not shortly after none of them was heard for a while.
    public var isSettled: Bool

    public init(workers: [Worker], leases: [Lease], isSettled: Bool) {
        self.workers = workers
        self.leases = leases
        self.isSettled = isSettled
    }
}

/// Bounds of leases.
public enum LeaseLimits {
    /// How long silence does not count after nobody was heard, in milliseconds, or a lease where that is longer: so
    /// long may a worker take to come back after an outage.
    public static let settlingMilliseconds: Int64 = 3000
}
