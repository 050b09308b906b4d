import StreamingCore
import Testing

@testable import KafkaBackend

@Suite struct LeaseMachineTests {
    private func machine(count: Int = 4) -> LeaseMachine {
        LeaseMachine(group: "g", worker: "a", leaseMilliseconds: 1500, partitionCount: count)
    }

    /// - Parameter owners: By partition, `name` or `name fence`.
    private func view(
        _ workers: [String: Int64], _ owners: [Int32: String] = [:], leaving: Set<String> = [], isSettled: Bool = true
    ) -> LeaseView {
        LeaseView(
            workers: workers.sorted { $0.key < $1.key }.map {
                LeaseView.Worker(name: $0.key, remainingMilliseconds: $0.value, isLeaving: leaving.contains($0.key))
            },
            leases: owners.sorted { $0.key < $1.key }.map { partition, owner in
                let words = owner.split(separator: " ")
                return LeaseView.Lease(
                    partition: partition, worker: String(words[0]), fence: words.count > 1 ? Int64(words[1]) ?? 0 : 1)
            }, isSettled: isSettled)
    }

    private func lease(_ partition: Int32, _ fence: Int64 = 1) -> LeasedPartition {
        LeasedPartition(partition: partition, fence: fence)
    }

    @Test func `the first beat claims nothing, the next what is free`() {
        var machine = machine()
        #expect(machine.beat.claims.isEmpty)
        #expect(machine.answered(view(["a": 1500]), streams: [:]).isEmpty)
        #expect(machine.pauseMilliseconds < 50, "it does not wait for its turn")
        #expect(machine.beat.claims == [0, 1, 2, 3])
        let all = view(["a": 1500], [0: "a", 1: "a", 2: "a", 3: "a"])
        #expect(machine.answered(all, streams: [:]) == (0..<4).map { .take(lease($0)) })
        #expect(machine.pauseMilliseconds == 250)
        #expect(machine.answered(all, streams: [:]).isEmpty)
        #expect(machine.beat.claims.isEmpty)
    }

    @Test func `who claims in vain waits for his turn`() {
        var machine = machine()
        _ = machine.answered(view(["a": 1500]), streams: [:])
        _ = machine.answered(view(["a": 1500]), streams: [:])
        #expect(machine.pauseMilliseconds == 250)
    }

    @Test func `what another has now is dropped, and so is what was lost and came back`() {
        var machine = machine(count: 2)
        _ = machine.answered(view(["a": 1500], [0: "a", 1: "a"]), streams: [:])
        #expect(
            machine.answered(view(["a": 1500, "b": 1500], [0: "b 2", 1: "a 3"]), streams: [:]) == [
                .drop(lease(0)), .drop(lease(1)), .take(lease(1, 3)),
            ])
    }

    @Test func `who has too many hands over, and gives back when that is done`() {
        var machine = machine()
        _ = machine.answered(view(["a": 1500], [0: "a", 1: "a", 2: "a", 3: "a"]), streams: [:])
        let two = view(["a": 1500, "b": 1500], [0: "a", 1: "a", 2: "a", 3: "a"])
        #expect(machine.answered(two, streams: [2: 1]) == [.handOver(lease(1)), .handOver(lease(3))])
        #expect(machine.answered(two, streams: [2: 1]).isEmpty, "once is enough")
        #expect(machine.beat.releases.isEmpty)
        machine.handedOver(lease(3))
        machine.handedOver(lease(0))
        machine.handedOver(lease(1, 7))
        #expect(machine.beat.releases == [3])
        #expect(machine.answered(two, streams: [:]).isEmpty)
        #expect(machine.beat.releases == [3], "until it is seen")
        #expect(machine.answered(view(["a": 1500, "b": 1500], [0: "a", 1: "a", 2: "a"]), streams: [:]).isEmpty)
        #expect(machine.beat.releases.isEmpty)
        #expect(machine.beat.claims.isEmpty, "it is for the other")
    }

    @Test func `nothing moves while silence says nothing`() {
        var machine = machine()
        _ = machine.answered(view(["a": 1500], [0: "a", 1: "a", 2: "a"]), streams: [:])
        let unsettled = view(["a": 1500, "b": -100, "c": 1500], [0: "a", 1: "a", 2: "a", 3: "b"], isSettled: false)
        #expect(machine.answered(unsettled, streams: [:]).isEmpty)
        #expect(machine.beat.claims.isEmpty)
        #expect(machine.pauseMilliseconds == 250)
    }

    @Test func `the partitions of one that is about to have been silent are claimed in advance, at the right time`() {
        var machine = machine()
        let owners: [Int32: String] = [0: "a", 1: "a", 2: "b", 3: "b"]
        _ = machine.answered(view(["a": 1500, "b": 900], owners), streams: [:])
        #expect(machine.beat.claims.isEmpty && machine.pauseMilliseconds == 250)
        _ = machine.answered(view(["a": 1500, "b": 120], owners), streams: [:])
        #expect(machine.beat.claims == [2, 3])
        #expect((120...140).contains(machine.pauseMilliseconds))
        // It was heard after all.
        #expect(machine.answered(view(["a": 1500, "b": 1400], owners), streams: [:]).isEmpty)
        #expect(machine.beat.claims.isEmpty)
    }

    @Test func `those who go on share what a silent one had`() {
        var machine = machine(count: 6)
        let owners: [Int32: String] = [0: "a", 1: "a", 2: "b", 3: "b", 4: "c", 5: "c"]
        _ = machine.answered(view(["a": 1500, "b": 1500, "c": 0], owners), streams: [:])
        #expect(machine.beat.claims == [4])
    }

    @Test func `without an answer nothing is claimed and nothing is given up`() {
        var machine = machine()
        _ = machine.answered(view(["a": 1500], [0: "a"]), streams: [:])
        machine.unanswered()
        #expect(machine.beat.claims.isEmpty && machine.beat.releases.isEmpty)
        #expect(machine.answered(view(["a": 1500], [0: "a"]), streams: [:]).isEmpty)
    }

    @Test func `who leaves hands over all, and gives back what comes late unread`() {
        var machine = machine()
        _ = machine.answered(view(["a": 1500], [0: "a", 1: "a"]), streams: [:])
        #expect(machine.leave() == [.handOver(lease(0)), .handOver(lease(1))])
        #expect(machine.leave().isEmpty)
        #expect(machine.beat.isLeaving && machine.beat.claims.isEmpty)
        #expect(machine.answered(view(["a": 1500], [0: "a", 1: "a", 2: "a"], leaving: ["a"]), streams: [:]).isEmpty)
        #expect(machine.beat.releases == [2])
        #expect(!machine.hasLeft && !machine.isDone)
        machine.handedOver(lease(0))
        machine.handedOver(lease(1))
        #expect(machine.isDone && !machine.hasLeft)
        #expect(machine.beat.releases == [0, 1, 2])
        _ = machine.answered(view([:]), streams: [:])
        #expect(machine.hasLeft)
    }

    @Test func `one that leaves is not counted on`() {
        var machine = machine()
        let leaving = view(["a": 1500, "b": 1500], [0: "a", 1: "b", 2: "b"], leaving: ["b"])
        _ = machine.answered(leaving, streams: [:])
        #expect(machine.beat.claims == [3], "what it has is its own until it gives it back")
    }

    @Test(arguments: [(500, 83), (1500, 250), (60_000, 1000)] as [(Int64, Int64)])
    func `several beats fit into a lease`(_ lease: Int64, _ beat: Int64) {
        let machine = LeaseMachine(group: "g", worker: "a", leaseMilliseconds: lease, partitionCount: 1)
        #expect(machine.beatMilliseconds == beat)
    }
}
