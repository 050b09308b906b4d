import PostgresBackend
import StreamingCore
import TestKit
import Testing

/// An implementation of leases that the contract is run on.
struct LeasesBackend: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Opens leases that nobody has: what several processes see of the same ones.
    let open: @Sendable (_ processes: Int) async throws -> [any PartitionLeases]

    static let all = [
        LeasesBackend(testDescription: "in memory") { processes in
            let leases = MemoryPartitionLeases()
            return (0..<processes).map { _ in leases }
        },
        LeasesBackend(testDescription: "PostgreSQL") { processes in
            let server = try await PostgresServer.shared.value
            let url = Secret(server.url(schema: try await server.makeSchema()))
            let logger = Logger(service: "test", level: .error)
            _ = try await PostgresDatabase(url: url, logger: logger).migrate()
            return try (0..<processes).map { _ in try PostgresPartitionLeases(url: url, logger: logger) }
        },
    ]
}

/// What all ``PartitionLeases`` do.
@Suite(.timeLimit(.minutes(2))) struct PartitionLeasesContract {
    /// Long enough that nobody loses a lease while the machine is busy.
    private static let long: Int64 = 60_000

    private func beat(
        _ worker: String, group: String = "g", lease: Int64 = long, count: Int = 4, claims: [Int32] = [],
        releases: [Int32] = [], isLeaving: Bool = false
    ) -> LeaseBeat {
        LeaseBeat(
            group: group, worker: worker, isLeaving: isLeaving, leaseMilliseconds: lease, partitionCount: count,
            claims: claims, releases: releases)
    }

    /// A beat, again where it had no answer in time: the machine of the tests is busy.
    private func tell(_ leases: any PartitionLeases, _ beat: LeaseBeat) async throws -> LeaseView {
        var view: LeaseView?
        try await eventually("the beat is answered") {
            view = try? await leases.beat(beat)
            return view != nil
        }
        return try #require(view)
    }

    @Test(arguments: LeasesBackend.all)
    func `who claims what is free has it, and all are told`(_ backend: LeasesBackend) async throws {
        let leases = try await backend.open(2)
        let fresh = try await tell(leases[0], beat("a"))
        #expect(fresh.workers.map(\.name) == ["a"])
        #expect(fresh.leases.isEmpty && fresh.isSettled)
        let claimed = try await tell(leases[0], beat("a", claims: [0, 2]))
        #expect(claimed.leases.map(\.partition) == [0, 2])
        #expect(claimed.leases.allSatisfy { $0.worker == "a" && $0.fence > 0 })
        let seen = try await tell(leases[1], beat("b", claims: [2, 3]))
        #expect(seen.leases.map(\.worker) == ["a", "a", "b"])
        #expect(seen.leases.map(\.partition) == [0, 2, 3])
        #expect(seen.workers.map(\.name) == ["a", "b"])
        #expect(seen.workers.allSatisfy { (1...Self.long).contains($0.remainingMilliseconds) && !$0.isLeaving })
        #expect(try await tell(leases[0], beat("a", claims: [0, 2])).leases == seen.leases, "twice is as good as once")
    }

    @Test(arguments: LeasesBackend.all)
    func `what is given back is free, and its next lease has a higher fence`(_ backend: LeasesBackend) async throws {
        let leases = try await backend.open(1)[0]
        let first = try await tell(leases, beat("a", claims: [1, 2])).leases
        let rest = try await tell(leases, beat("a", releases: [1, 3])).leases
        #expect(rest == [first[1]])
        let taken = try await tell(leases, beat("b", claims: [1])).leases
        #expect(taken[0].worker == "b" && taken[0].fence > first[0].fence)
        #expect(try await tell(leases, beat("a", releases: [1])).leases == taken, "only one's own is given back")
    }

    @Test(arguments: LeasesBackend.all)
    func `who is silent for a lease loses what another claims, and is told`(_ backend: LeasesBackend) async throws {
        let leases = try await backend.open(2)
        let first = try await tell(leases[0], beat("a", lease: 3000, claims: [0, 1])).leases
        let kept = try await tell(leases[1], beat("b", claims: [0]))
        #expect(kept.leases == first)
        var view = kept
        // The group is not silent: another one goes on.
        try await eventually("the lease is over") {
            view = try await tell(leases[1], beat("b", claims: [0]))
            return view.leases.first?.worker == "b"
        }
        #expect(view.leases[0].fence > first[0].fence)
        #expect(view.leases[1] == first[1], "what nobody claims stays")
        #expect(try #require(view.workers.first).remainingMilliseconds <= 0)
        let woken = try await tell(leases[0], beat("a", lease: 3000, claims: [0]))
        #expect(woken.leases == view.leases)
    }

    @Test(arguments: LeasesBackend.all)
    func `nobody's silence counts when nobody was heard`(_ backend: LeasesBackend) async throws {
        let leases = try await backend.open(2)
        _ = try await tell(leases[0], beat("a", lease: 3000, claims: [0]))
        _ = try await tell(leases[1], beat("b", lease: 3000, claims: [1]))
        try await Task.sleep(for: .milliseconds(2500))
        let back = try await tell(leases[1], beat("b", lease: 3000, claims: [0, 2]))
        #expect(!back.isSettled)
        #expect(back.leases.map(\.worker) == ["a", "b", "b"], "what is free can be had all the same")
        let renewed = try await tell(leases[0], beat("a", lease: 3000))
        #expect(renewed.leases == back.leases)
        // Who stays silent then has lost it.
        let elapsed = try await ContinuousClock().measure {
            try await eventually("the lease is over") {
                try await tell(leases[1], beat("b", lease: 3000, claims: [0])).leases[0].worker == "b"
            }
        }
        #expect(elapsed > .seconds(2))
    }

    @Test(arguments: LeasesBackend.all)
    func `who leaves is told apart, and forgotten with its last partition`(_ backend: LeasesBackend) async throws {
        let leases = try await backend.open(1)[0]
        _ = try await tell(leases, beat("a", claims: [0, 1]))
        _ = try await tell(leases, beat("b"))
        let leaving = try await tell(leases, beat("a", releases: [0], isLeaving: true))
        #expect(leaving.workers.map(\.isLeaving) == [true, false])
        #expect(leaving.leases.map(\.partition) == [1])
        let left = try await tell(leases, beat("a", claims: [0], releases: [1], isLeaving: true))
        #expect(left.workers.map(\.name) == ["b"])
        #expect(left.leases.isEmpty, "who leaves gets nothing any more")
    }

    @Test(arguments: LeasesBackend.all)
    func `groups have nothing to do with each other`(_ backend: LeasesBackend) async throws {
        let leases = try await backend.open(1)[0]
        _ = try await tell(leases, beat("a", group: "one", claims: [0]))
        let view = try await tell(leases, beat("b", group: "two", claims: [0]))
        #expect(view.workers.map(\.name) == ["b"] && view.leases.map(\.worker) == ["b"])
    }

    @Test(arguments: LeasesBackend.all)
    func `of many who want the same partitions at once, one has each`(_ backend: LeasesBackend) async throws {
        let (workers, count) = (12, 8)
        let leases = try await backend.open(workers)
        for round in 0..<4 {
            let views = try await withThrowingTaskGroup { group in
                for number in 0..<workers {
                    let beat = beat(
                        "w\(number)", lease: round % 2 == 0 ? Self.long : 1, count: count,
                        claims: (0..<Int32(count)).shuffled())
                    group.addTask { try await tell(leases[number], beat) }
                }
                return try await group.reduce(into: [LeaseView]()) { $0.append($1) }
            }
            // Whatever was seen of a lease with its fence is the same for all.
            var owners: [String: String] = [:]
            for lease in views.flatMap(\.leases) {
                let key = "\(lease.partition) \(lease.fence)"
                #expect(owners[key, default: lease.worker] == lease.worker)
                owners[key] = lease.worker
            }
            #expect(Set(views.flatMap(\.leases).map(\.partition)).count == count)
        }
    }
}
