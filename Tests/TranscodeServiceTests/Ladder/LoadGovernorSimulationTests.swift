import Testing

@testable import TranscodeService

/// A worker with a capacity that others take away and give back.
@Suite struct LoadGovernorSimulationTests {
    /// One stream on a machine. What it needs is in percent of the machine, about as measured with x264 on two cores.
    struct Machine {
        var governor: LoadGovernor
        var lag = 60.0
        var seconds = 0.0
        var log: [(seconds: Double, action: LoadGovernor.Action)] = []
        var largestLag = 0.0
        var random = SeededRandom(state: 5)

        static let cost = ["1080p": 50.0, "720p": 26, "480p": 13]
        static let presetFactor = [1.0, 0.65, 0.45]
        static let decodingCost = 8.0

        init(hasCopy: Bool) {
            let rungs = hasCopy ? ["720p", "480p"] : ["1080p", "720p", "480p"]
            governor = LoadGovernor(rungs: rungs, hasCopy: hasCopy)
        }

        var cost: Double {
            let made = governor.rungs.filter { !governor.shed.contains($0) }
            let encoding = made.reduce(0) { $0 + (Self.cost[$1] ?? 0) }
            return encoding == 0 ? 0.5 : Self.decodingCost + encoding * Self.presetFactor[governor.presetStep]
        }

        /// - Parameters:
        ///   - capacity: What others leave, in percent of the machine.
        ///   - measures: Whether it is known how busy the stream is.
        mutating func run(for duration: Double, capacity: Double, measures: Bool = true, noise: Double = 0) {
            let step = 0.25
            for _ in 0..<Int(duration / step) {
                seconds += step
                let load = cost / capacity * (1 + Double.random(in: -1...1, using: &random) * noise)
                // Media goes on for `step`; `step / load` of it is worked off.
                lag = max(60, lag + (step - step / load) * 1000)
                largestLag = max(largestLag, lag)
                let actions = governor.measured(
                    lagMilliseconds: Int64(lag), busyPercent: measures ? Int(min(load, 1) * 100) : nil,
                    now: Int64(seconds * 1000))
                // Encoders begin anew.
                if !actions.isEmpty { lag += 150 }
                log += actions.map { (seconds, $0) }
            }
        }

        /// The most changes within any span of so many seconds.
        func changesMax(within span: Double) -> Int {
            log.map { first in log.count { $0.seconds >= first.seconds && $0.seconds < first.seconds + span } }.max()
                ?? 0
        }
    }

    static let capacities = [100.0, 90, 70, 60, 40, 25, 20, 15]

    @Test(arguments: capacities, [false, true]) func `it finds what the machine can do and stays there`(
        capacity: Double, hasCopy: Bool
    ) {
        for noise in [0.0, 0.2] {
            var machine = Machine(hasCopy: hasCopy)
            machine.run(for: 120, capacity: capacity, noise: noise)
            let isPossible = hasCopy || capacity >= 20
            if isPossible { #expect(machine.lag < 1500, "\(machine.log)") }
            let before = machine.log.count
            machine.run(for: 1500, capacity: capacity, noise: noise)
            #expect(machine.log.count - before <= 24, "it tries every eight minutes at the most: \(machine.log)")
            if isPossible { #expect(machine.lag < 1500) }
            #expect(machine.largestLag < (isPossible ? 20_000 : .infinity))
        }
    }

    @Test(arguments: capacities, [false, true]) func `without knowing the room it tries more and more seldom`(
        capacity: Double, hasCopy: Bool
    ) {
        var machine = Machine(hasCopy: hasCopy)
        machine.run(for: 4000, capacity: capacity, measures: false, noise: 0.1)
        // An attempt that fails is two changes, at most three when it is a huge lag; the first ones double.
        let late = machine.log.filter { $0.seconds > 1800 }
        #expect(late.count <= 24, "\(late)")
        for span in [60.0, 300] { #expect(machine.changesMax(within: span) <= 4 + Int(span / 30) * 2) }
    }

    @Test(arguments: capacities, [false, true]) func `it recovers fully when the machine does`(
        capacity: Double, hasCopy: Bool
    ) {
        for measures in [true, false] {
            var machine = Machine(hasCopy: hasCopy)
            machine.run(for: 60, capacity: 200, measures: measures)
            #expect(machine.log.isEmpty)
            machine.run(for: 90, capacity: capacity, measures: measures)
            machine.run(for: 900, capacity: 200, measures: measures)
            #expect(machine.governor.step == 0 && machine.governor.shed.isEmpty, "\(machine.log)")
            #expect(machine.lag < 500)
        }
    }

    @Test func `a busy loop on all cores takes something away for a while`() {
        var machine = Machine(hasCopy: true)
        machine.run(for: 60, capacity: 100)
        #expect(machine.log.isEmpty)
        machine.run(for: 30, capacity: 33)
        #expect(machine.lag < 3000)
        #expect(machine.log.first?.action == .usePreset(step: 1))
        machine.run(for: 300, capacity: 100)
        #expect(machine.governor.step == 0)
        #expect(machine.largestLag < 5000)
    }

    @Test(arguments: 1...10) func `a machine that changes all the time is followed calmly`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var machine = Machine(hasCopy: seed % 2 == 0)
        for _ in 0..<40 {
            machine.run(
                for: .random(in: 1...120, using: &random), capacity: .random(in: 25...250, using: &random), noise: 0.1)
        }
        #expect(machine.changesMax(within: 30) <= 8)
        machine.run(for: 3600, capacity: 250)
        #expect(machine.governor.step == 0)
        let restored = machine.log.filter { if case .restore = $0.action { true } else { false } }
        #expect(zip(restored, restored.dropFirst()).allSatisfy { $1.seconds - $0.seconds >= 30 })
    }
}
