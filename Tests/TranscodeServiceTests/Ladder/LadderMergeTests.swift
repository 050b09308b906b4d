import Testing

@testable import TranscodeService

@Suite struct LadderMergeTests {
    typealias Merge = LadderMerge<Int, String>

    private func all(_ merge: inout Merge) -> [String] {
        var taken: [String] = []
        while let (entry, outputs) = merge.next() {
            taken.append("\(entry):" + outputs.map { "\($0.rung)=\($0.outputs.joined(separator: "+"))" }.joined())
        }
        return taken
    }

    private func post(_ merge: inout Merge, _ rung: String, _ place: Int, _ outputs: [String]) -> Bool {
        merge.post(rung, place, outputs)
    }

    @Test func `what waits for nothing passes when all before it has`() {
        var merge = Merge()
        #expect(merge.next() == nil && merge.count == 0 && merge.oldest == nil && merge.oldestWaitsFor.isEmpty)
        #expect(merge.append(100) == 0)
        #expect(merge.append(101, waitingFor: ["720p", "480p"]) == 1)
        #expect(merge.append(102) == 2)
        #expect(all(&merge) == ["100:"])
        #expect(merge.count == 2 && merge.oldest == 1)
        #expect(post(&merge, "720p", 1, ["a"]))
        #expect(merge.oldestWaitsFor == ["480p"])
        #expect(all(&merge).isEmpty)
        #expect(post(&merge, "480p", 1, ["b", "c"]))
        #expect(all(&merge) == ["101:480p=b+c720p=a", "102:"])
        #expect(merge.count == 0 && merge.oldest == nil)
        #expect(merge.append(103) == 3, "places go on")
    }

    @Test func `posts that nobody waits for change nothing`() {
        var merge = Merge()
        _ = merge.append(1)
        _ = merge.append(2, waitingFor: ["720p"])
        #expect(!post(&merge, "720p", 0, ["x"]), "does not wait")
        #expect(!post(&merge, "480p", 1, ["x"]), "does not wait for it")
        #expect(!post(&merge, "720p", 2, ["x"]), "is not there yet")
        #expect(!post(&merge, "720p", -1, ["x"]))
        #expect(post(&merge, "720p", 1, ["y"]))
        #expect(!post(&merge, "720p", 1, ["x"]), "has been posted")
        #expect(all(&merge) == ["1:", "2:720p=y"])
        #expect(!post(&merge, "720p", 1, ["x"]), "is taken")
    }

    @Test func `who is forgotten is not waited for, until it is named again`() {
        var merge = Merge()
        for entry in 0..<4 { _ = merge.append(entry, waitingFor: ["720p", "480p"]) }
        for place in 0..<4 { merge.post("480p", place, ["l\(place)"]) }
        merge.post("720p", 1, ["h1"])
        merge.forget("720p")
        #expect(!post(&merge, "720p", 2, ["h2"]), "too late")
        #expect(all(&merge) == ["0:480p=l0", "1:480p=l1720p=h1", "2:480p=l2", "3:480p=l3"])
        let place = merge.append(4, waitingFor: ["720p"])
        #expect(all(&merge).isEmpty)
        merge.post("720p", place, [])
        #expect(all(&merge) == ["4:720p="])
    }

    /// Each rung posts in order, as encoders do; everything else is left to chance.
    @Test(arguments: 1...60) func `whatever overtakes what, the same comes out`(seed: UInt64) {
        let rungs = ["1080p", "720p", "480p"]
        let entryCount = 200
        let waiting = (0..<entryCount).map { entry in Set(rungs.filter { _ in entry % 3 != 0 }) }
        let expected = (0..<entryCount).map { entry in
            "\(entry):" + waiting[entry].sorted().map { "\($0)=\($0)\(entry)" }.joined()
        }
        var random = SeededRandom(state: seed)
        var merge = Merge()
        var appended = 0
        var posted = [0, 0, 0]
        var taken: [String] = []
        while taken.count < entryCount {
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where appended < entryCount:
                #expect(merge.append(appended, waitingFor: waiting[appended]) == appended)
                appended += 1
            case 1...3:
                let index = Int.random(in: 0..<3, using: &random)
                while posted[index] < appended, !waiting[posted[index]].contains(rungs[index]) { posted[index] += 1 }
                guard posted[index] < appended else { continue }
                #expect(post(&merge, rungs[index], posted[index], [rungs[index] + "\(posted[index])"]))
                posted[index] += 1
            default:
                taken += all(&merge)
            }
            #expect(merge.count <= appended - taken.count)
        }
        #expect(taken == expected)
        #expect(merge.count == 0)
    }

    @Test func `a long queue is taken in linear time`() {
        var merge = Merge()
        for entry in 0..<200_000 { _ = merge.append(entry, waitingFor: ["a"]) }
        for place in 0..<200_000 { merge.post("a", place, []) }
        var count = 0
        while merge.next() != nil { count += 1 }
        #expect(count == 200_000)
    }
}
