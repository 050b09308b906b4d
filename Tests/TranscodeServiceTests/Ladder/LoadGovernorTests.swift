import Testing

@testable import TranscodeService

@Suite struct LoadGovernorTests {
    static let rungs = ["1080p", "720p", "480p"]

    /// The actions with their times in seconds.
    typealias Log = [(seconds: Double, action: LoadGovernor.Action)]

    /// Tells a lag four times in a second.
    static func tell(
        _ governor: inout LoadGovernor, from start: Double, to end: Double, busyPercent: Int? = nil,
        lag: (Double) -> Double
    ) -> Log {
        var log: Log = []
        for tick in Int(start * 4)..<Int(end * 4) {
            let seconds = Double(tick) / 4
            let actions = governor.measured(
                lagMilliseconds: Int64(lag(seconds)), busyPercent: busyPercent, now: Int64(tick) * 250)
            log += actions.map { (seconds, $0) }
        }
        return log
    }

    @Test func `in time nothing happens`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        #expect(Self.tell(&governor, from: 0, to: 600) { $0.truncatingRemainder(dividingBy: 15) * 100 }.isEmpty)
        #expect(governor.shed.isEmpty && governor.presetStep == 0)
    }

    @Test func `a short lag is forgiven, and one that falls by itself`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        #expect(Self.tell(&governor, from: 0, to: 30) { (10..<10.9).contains($0) ? 4000 : 50 }.isEmpty)
        #expect(Self.tell(&governor, from: 30, to: 90) { max(50, 8000 - ($0 - 30) * 200) }.isEmpty)
    }

    @Test func `presets go first, then rungs from the top`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        let log = Self.tell(&governor, from: 0, to: 60) { _ in 2000 }
        #expect(log.map(\.action) == [.usePreset(step: 1), .usePreset(step: 2), .shed("1080p"), .shed("720p")])
        #expect(log.map(\.seconds) == [1, 4, 7, 10])
        #expect(governor.shed == ["1080p", "720p"], "something is left to play")
        #expect(log.map { "\($0.action)" }.first == "1 presets faster than configured")
    }

    @Test func `beside a copy every encoder may go`() {
        var governor = LoadGovernor(rungs: ["720p", "480p"], hasCopy: true)
        let log = Self.tell(&governor, from: 0, to: 60) { _ in 2000 }
        #expect(log.map(\.action) == [.usePreset(step: 1), .usePreset(step: 2), .shed("720p"), .shed("480p")])
    }

    @Test func `a huge lag skips steps`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: true)
        let log = Self.tell(&governor, from: 0, to: 60) { _ in 5000 }
        #expect(log.map(\.action) == [.usePreset(step: 2), .shed("1080p"), .shed("720p"), .shed("480p")])
        #expect(log.map(\.seconds) == [1, 1, 4, 4])
    }

    @Test func `it climbs back in the reverse order, one step at a time`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        _ = Self.tell(&governor, from: 0, to: 12) { _ in 2000 }
        let log = Self.tell(&governor, from: 12, to: 600) { _ in 60 }
        #expect(
            log.map(\.action) == [
                .restore("720p"), .restore("1080p"), .usePreset(step: 1), .usePreset(step: 0),
            ])
        #expect(zip(log, log.dropFirst()).allSatisfy { $1.seconds - $0.seconds >= 30 })
        #expect(log.last.map { $0.seconds < 140 } ?? false)
        #expect(governor.step == 0)
    }

    @Test func `without room nothing is taken back`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        _ = Self.tell(&governor, from: 0, to: 2) { _ in 2000 }
        #expect(Self.tell(&governor, from: 2, to: 200, busyPercent: 90) { _ in 60 }.isEmpty)
        #expect(Self.tell(&governor, from: 200, to: 201, busyPercent: 60) { _ in 60 }.count == 1)
    }

    @Test func `a lag that is neither small nor large changes nothing`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        _ = Self.tell(&governor, from: 0, to: 2) { _ in 2000 }
        #expect(Self.tell(&governor, from: 2, to: 300) { _ in 1000 }.isEmpty)
    }

    @Test func `attempts that fail become rarer`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        var lag = 60.0
        // One faster preset is needed for ever.
        var climbs: [Double] = []
        for tick in 0..<4 * 3600 {
            lag = governor.step == 0 ? lag + 100 : 60
            for action in governor.measured(lagMilliseconds: Int64(lag), now: Int64(tick) * 250)
            where action == .usePreset(step: 0) {
                climbs.append(Double(tick) / 4)
            }
        }
        let pauses = zip(climbs, climbs.dropFirst()).map { $1 - $0 }
        #expect(climbs.count <= 12)
        let expected: [Double] = [60, 120, 240, 480, 480, 480]
        for (pause, least) in zip(pauses, expected) { #expect(pause >= least && pause < least + 15) }
    }

    // MARK: Failures

    @Test func `an encoder that fails is tried again, later and later`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        var tried: [Double] = []
        #expect(governor.encoderFailed("720p", now: 0) == [.shed("720p")])
        for tick in 1..<4 * 400 {
            for action in governor.measured(lagMilliseconds: 50, now: Int64(tick) * 250) {
                #expect(action == .restore("720p"))
                tried.append(Double(tick) / 4)
                #expect(governor.encoderFailed("720p", now: Int64(tick) * 250) == [.shed("720p")])
                #expect(governor.shed == ["720p"] && governor.failed == ["720p"])
            }
        }
        #expect(Array(tried.prefix(7)) == [5, 15, 35, 75, 135, 195, 255])
        #expect(governor.step == 0, "the others are not touched")
    }

    @Test func `an encoder that worked for a minute begins anew`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        for failure in [0, 70_000, 140_000] as [Int64] {
            #expect(governor.encoderFailed("480p", now: failure) == [.shed("480p")])
            #expect(governor.measured(lagMilliseconds: 50, now: failure + 4999).isEmpty)
            #expect(governor.measured(lagMilliseconds: 50, now: failure + 5000) == [.restore("480p")])
        }
    }

    @Test func `another rung stands in when the last one fails`() {
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        _ = Self.tell(&governor, from: 0, to: 12) { _ in 2000 }
        #expect(governor.shed == ["1080p", "720p"])
        #expect(governor.encoderFailed("480p", now: 12_000) == [.restore("720p"), .shed("480p")])
        #expect(governor.encoderFailed("720p", now: 12_100) == [.restore("1080p"), .shed("720p")])
        #expect(governor.encoderFailed("1080p", now: 12_200) == [.shed("1080p")], "nothing is left")
        #expect(governor.encoderFailed("1080p", now: 12_300).isEmpty, "does not run")
        #expect(governor.encoderFailed("other", now: 12_300).isEmpty)
        #expect(governor.measured(lagMilliseconds: 9000, now: 17_000) == [.restore("480p")], "even when it is late")
        #expect(governor.shed == ["1080p", "720p"])
    }

    @Test func `beside a copy nothing stands in`() {
        var governor = LoadGovernor(rungs: ["720p"], hasCopy: true)
        #expect(governor.encoderFailed("720p", now: 0) == [.shed("720p")])
        #expect(governor.shed == ["720p"])
    }

    // MARK: Other ladders

    @Test func `what was given up stays so with another source`() {
        var governor = LoadGovernor(rungs: ["720p", "480p"], hasCopy: true)
        _ = Self.tell(&governor, from: 0, to: 9) { _ in 2000 }
        #expect(governor.shed == ["720p"] && governor.presetStep == 2)
        // The copy ends: one encoder goes on, the lowest.
        #expect(governor.ladderChanged(rungs: Self.rungs, hasCopy: false) == [.shed("1080p")])
        #expect(governor.shed == ["1080p", "720p"])
        // A small source.
        #expect(governor.ladderChanged(rungs: ["480p"], hasCopy: false).isEmpty)
        #expect(governor.shed.isEmpty && governor.presetStep == 2)
        #expect(governor.ladderChanged(rungs: [], hasCopy: true) == [.usePreset(step: 0)])
        #expect(governor.ladderChanged(rungs: Self.rungs, hasCopy: false).isEmpty)
        #expect(governor.shed.isEmpty && governor.step == 0)
    }

    @Test func `with nothing to encode there is nothing to give up`() {
        var governor = LoadGovernor(rungs: [], hasCopy: true)
        #expect(Self.tell(&governor, from: 0, to: 60) { _ in 50_000 }.isEmpty)
        var hardware = LoadGovernor(.init(presetSteps: 0), rungs: ["480p"], hasCopy: false)
        #expect(Self.tell(&hardware, from: 0, to: 60) { _ in 50_000 }.isEmpty)
    }

    @Test(arguments: 1...20) func `whatever it is told, there is something to play`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var governor = LoadGovernor(rungs: Self.rungs, hasCopy: false)
        var now: Int64 = 0
        var hasCopy = false
        for _ in 0..<1000 {
            now += .random(in: 0...2000, using: &random)
            let shed = governor.shed
            var actions: [LoadGovernor.Action]
            switch Int.random(in: 0..<100, using: &random) {
            case 0: actions = governor.encoderFailed(Self.rungs.randomElement(using: &random) ?? "", now: now)
            case 1:
                hasCopy.toggle()
                let rungs = hasCopy ? Array(Self.rungs.dropFirst()) : Self.rungs
                actions = governor.ladderChanged(rungs: rungs, hasCopy: hasCopy)
                #expect(governor.rungs == rungs)
            default:
                actions = governor.measured(
                    lagMilliseconds: .random(in: 0...Int64.random(in: 1...20_000, using: &random), using: &random),
                    busyPercent: Bool.random(using: &random) ? nil : .random(in: 0...300, using: &random), now: now)
                var expected = shed
                for action in actions {
                    switch action {
                    case .shed(let rung): #expect(expected.insert(rung).inserted)
                    case .restore(let rung): #expect(expected.remove(rung) != nil)
                    case .usePreset(let step): #expect(step == governor.presetStep)
                    }
                }
                #expect(governor.shed == expected, "the actions tell the whole change")
            }
            let made = Set(governor.rungs).subtracting(governor.shed)
            #expect(hasCopy || !made.isEmpty || governor.failed.count == governor.rungs.count)
            #expect(made.isDisjoint(with: governor.failed))
            #expect((0...2).contains(governor.presetStep))
        }
    }
}
