import Testing

@testable import KafkaBackend

@Suite struct PartitionSharesTests {
    private func shares(_ workers: [String], _ owners: [Int32: String], of count: Int) -> PartitionShares {
        PartitionShares(
            workers: workers, owners: owners, free: (0..<Int32(count)).filter { owners[$0] == nil },
            partitionCount: count)
    }

    @Test func `one worker gets all`() {
        #expect(shares(["a"], [:], of: 3).claims(of: "a") == [0, 1, 2])
    }

    @Test func `what is free goes to those with least`() {
        let shares = shares(["a", "b", "c"], [0: "a", 1: "a", 2: "b"], of: 6)
        #expect(shares.quotas == ["a": 2, "b": 2, "c": 2])
        #expect(shares.claims(of: "a").isEmpty)
        #expect(shares.claims(of: "b") == [4])
        #expect(shares.claims(of: "c") == [3, 5])
    }

    @Test func `who has more may keep one more`() {
        #expect(shares(["a", "b"], [0: "b", 1: "b"], of: 3).quotas == ["a": 1, "b": 2])
        #expect(shares(["a", "b", "c"], [0: "c"], of: 1).quotas == ["a": 0, "b": 0, "c": 1])
    }

    @Test func `one that leaves keeps what it has until it is given back, and counts no more`() {
        let shares = shares(["a", "b"], [0: "a", 1: "gone", 2: "gone", 3: "b"], of: 4)
        #expect(shares.quotas == ["a": 2, "b": 2])
        #expect(shares.claims(of: "a").isEmpty && shares.claims(of: "b").isEmpty)
    }

    @Test func `nobody has anything to claim without workers`() {
        #expect(shares([], [:], of: 3).claims(of: "a").isEmpty)
    }

    /// Whatever the beginning: all comes to somebody, nobody has more than his share, and all agree.
    @Test func `everything is shared out evenly, whatever there was before`() {
        var random = SplitMix64(state: 3)
        for _ in 0..<500 {
            let count = Int.random(in: 1...30, using: &random)
            let workers = (0..<Int.random(in: 1...12, using: &random)).map { "w\($0)" }
            var owners: [Int32: String] = [:]
            for partition in 0..<Int32(count) where Bool.random(using: &random) {
                owners[partition] = workers.randomElement(using: &random)
            }
            var turns = 0
            while true {
                let shares = shares(workers, owners, of: count)
                #expect(shares.quotas.values.reduce(0, +) == count)
                var changes = 0
                for worker in workers {
                    let mine = owners.filter { $0.value == worker }.keys
                    let surplus = PartitionShares.surplus(
                        of: Dictionary(uniqueKeysWithValues: mine.map { ($0, 0) }),
                        keeping: shares.quotas[worker] ?? 0)
                    for partition in surplus { owners[partition] = nil }
                    let claims = shares.claims(of: worker)
                    for partition in claims {
                        #expect(owners[partition] == nil, "two claim the same")
                        owners[partition] = worker
                    }
                    changes += surplus.count + claims.count
                }
                turns += 1
                if changes == 0 { break }
            }
            #expect(owners.count == count && turns <= 4)
            for worker in workers {
                let share = owners.values.count { $0 == worker }
                #expect(share == count / workers.count || share == (count + workers.count - 1) / workers.count)
            }
        }
    }

    @Test func `a lone stream stays when its worker gives up partitions`() {
        #expect(PartitionShares.surplus(of: [0: 0, 1: 1, 2: 0, 3: 0], keeping: 2) == [2, 3])
    }

    @Test func `streams are given up like partitions`() {
        #expect(PartitionShares.surplus(of: [0: 3, 1: 1, 2: 0, 3: 0], keeping: 2) == [1, 3])
        #expect(PartitionShares.surplus(of: [0: 1, 1: 1, 2: 1, 3: 1], keeping: 2) == [2, 3])
        #expect(PartitionShares.surplus(of: [0: 1, 1: 1, 2: 1, 3: 0], keeping: 1) == [1, 2, 3])
    }

    @Test func `nobody gives up what is his`() {
        #expect(PartitionShares.surplus(of: [0: 1], keeping: 1).isEmpty)
        #expect(PartitionShares.surplus(of: [:], keeping: 3).isEmpty)
        #expect(PartitionShares.surplus(of: [4: 2], keeping: 0) == [4])
    }
}
