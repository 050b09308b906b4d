/// Decides what a stream gives up when its worker falls behind, and when it takes it back.
///
/// There is one order of steps, from the ladder as configured to what is left at the end. The governor stands on one of
/// them, goes down as long as the lag is too large, and climbs back one by one:
///
/// ```
/// step   0        1             2             3              4
///        as       one preset    two presets   the highest    the next
///        planned  faster        faster        rung is shed   is shed ...
/// ```
///
/// The last rung stays unless the source is copied, so that there is always something to play. Each step gets some time
/// to show its effect, and while the lag falls nothing more is given up. A climb that is followed by a lag was one too
/// early: the next attempt at that step waits twice as long. A rung whose encoder failed is left out in between, and
/// tried again, later and later.
///
/// Times are in milliseconds on any clock that does not go back.
struct LoadGovernor: Sendable {
    struct Configuration: Sendable, Hashable {
        /// A larger lag is too large.
        var lagMilliseconds: Int64 = 1500
        /// How many faster presets there are.
        var presetSteps = 2
        /// How long the lag must be too large.
        var momentMilliseconds: Int64 = 1000
        /// How long a step gets to show its effect.
        var settleMilliseconds: Int64 = 3000
        /// How long the lag must be small before the first attempt at a climb.
        var steadyMilliseconds: Int64 = 30_000
        /// How long at the most, after attempts that failed. One has failed when the lag is too large again within this
        /// time.
        var steadyMillisecondsMax: Int64 = 480_000
        /// How busy the stream may be for a climb, in percent of what keeps up just so.
        var busyPercentMax = 75
        /// When an encoder is tried again after its first failure.
        var retryMilliseconds: Int64 = 5000
        /// When an encoder is tried again at the latest; one that worked for so long begins anew.
        var retryMillisecondsMax: Int64 = 60_000
    }

    enum Action: Sendable, Hashable {
        /// So many presets faster than configured.
        case usePreset(step: Int)
        /// Stop making a rung.
        case shed(String)
        /// Make a rung again.
        case restore(String)
    }

    /// A lag of so many times the limit skips steps.
    static let hugeLagFactor: Int64 = 3
    /// A lag that falls by more than this share of the time that passes, in percent, is on its way out.
    private static let fallingPercent: Int64 = 10

    private struct Watch {
        let since: Int64
        let lag: Int64
        /// Nothing is given up before.
        let until: Int64
    }

    private struct Failure {
        var delay: Int64
        /// When the encoder is tried again; `nil` while it works.
        var retryAt: Int64?
        /// When it was tried last.
        var triedAt: Int64
    }

    private let configuration: Configuration
    /// The rungs that encoders make, the highest first.
    private(set) var rungs: [String]
    private(set) var hasCopy: Bool
    /// Where it stands; 0 gives up nothing.
    private(set) var step = 0
    private var running: Set<String> = []
    private var failures: [String: Failure] = [:]
    /// The lag is too large, and may become smaller by itself.
    private var watch: Watch?
    private var calmSince: Int64?
    /// The newest climb, and until when a lag counts against it.
    private var climb: (step: Int, until: Int64)?
    /// How often in a row climbs to a step failed.
    private var failedClimbs: [Int: Int] = [:]

    /// - Parameters:
    ///   - rungs: Those that encoders make, the highest first.
    ///   - hasCopy: Whether the source is a rendition beside them.
    init(_ configuration: Configuration = Configuration(), rungs: [String], hasCopy: Bool) {
        self.configuration = configuration
        self.rungs = rungs
        self.hasCopy = hasCopy
        running = Set(rungs)
    }

    /// How many presets faster than configured encoders work.
    var presetStep: Int { min(step, configuration.presetSteps) }

    /// The rungs that are not made, for whatever reason.
    var shed: Set<String> { Set(rungs).subtracting(running) }

    /// The rungs whose encoders have failed and are not tried at present.
    var failed: Set<String> { Set(failures.filter { $0.value.retryAt != nil }.keys) }

    // MARK: Facts

    /// How the stream does; to be told several times in a second.
    ///
    /// - Parameters:
    ///   - lag: How long after their time pictures come out.
    ///   - busyPercent: How much of the time the stream's slowest worker works; `nil` when that is not known.
    mutating func measured(lagMilliseconds lag: Int64, busyPercent: Int? = nil, now: Int64) -> [Action] {
        let before = presetStep
        if let climb, now >= climb.until {
            failedClimbs = failedClimbs.filter { $0.key < climb.step }
            self.climb = nil
        }
        if lag > configuration.lagMilliseconds {
            calmSince = nil
            isBehind(lag, now)
        } else {
            watch = watch.flatMap { now < $0.until ? $0 : nil }
            isInTime(lag, busyPercent, now)
        }
        for (rung, failure) in failures {
            guard let retryAt = failure.retryAt, retryAt <= now else { continue }
            failures[rung] = Failure(delay: failure.delay, triedAt: now)
        }
        return (presetStep == before ? [] : [.usePreset(step: presetStep)]) + changes()
    }

    /// An encoder cannot go on.
    mutating func encoderFailed(_ rung: String, now: Int64) -> [Action] {
        guard running.contains(rung) else { return [] }
        var delay = configuration.retryMilliseconds
        if let last = failures[rung], now - last.triedAt < configuration.retryMillisecondsMax {
            delay = min(last.delay * 2, configuration.retryMillisecondsMax)
        }
        failures[rung] = Failure(delay: delay, retryAt: now + delay, triedAt: now)
        return changes()
    }

    /// The source is another one, or its copy has begun or ended.
    ///
    /// What was given up stays so as far as there is something like it: as many encoders go on as before.
    mutating func ladderChanged(rungs: [String], hasCopy: Bool) -> [Action] {
        let kept = self.rungs.count - shedCount
        let hadShed = shedCount > 0
        let before = presetStep
        running = running.intersection(rungs).union(Set(rungs).subtracting(self.rungs))
        self.rungs = rungs
        self.hasCopy = hasCopy
        if hadShed { step = configuration.presetSteps + max(0, rungs.count - kept) }
        step = min(step, stepMax)
        failures = failures.filter { rungs.contains($0.key) }
        failedClimbs = [:]
        climb = nil
        watch = nil
        calmSince = nil
        return (presetStep == before ? [] : [.usePreset(step: presetStep)]) + changes()
    }

    // MARK: Steps

    private var shedCount: Int { max(0, step - configuration.presetSteps) }

    /// The last step.
    private var stepMax: Int {
        rungs.isEmpty ? 0 : configuration.presetSteps + rungs.count - (hasCopy ? 0 : 1)
    }

    private mutating func isBehind(_ lag: Int64, _ now: Int64) {
        guard let watch else {
            self.watch = Watch(since: now, lag: lag, until: now + configuration.momentMilliseconds)
            return
        }
        guard now >= watch.until else { return }
        let isFalling = (watch.lag - lag) * 100 >= (now - watch.since) * Self.fallingPercent
        if !isFalling { goDown(lag, now) }
        self.watch = Watch(since: now, lag: lag, until: now + configuration.settleMilliseconds)
    }

    private mutating func goDown(_ lag: Int64, _ now: Int64) {
        if let climb {
            failedClimbs[climb.step, default: 0] += 1
            self.climb = nil
        }
        let isHuge = lag >= configuration.lagMilliseconds * Self.hugeLagFactor
        let next = isHuge ? max(step + 2, configuration.presetSteps + 1) : step + 1
        step = max(step, min(next, stepMax))
    }

    private mutating func isInTime(_ lag: Int64, _ busyPercent: Int?, _ now: Int64) {
        if lag * 2 > configuration.lagMilliseconds {
            calmSince = nil
        } else if lag * 3 <= configuration.lagMilliseconds {
            calmSince = calmSince ?? now
        }
        guard step > 0, let calmSince else { return }
        guard now - calmSince >= wait(for: step - 1), (busyPercent ?? 0) <= configuration.busyPercentMax else { return }
        step -= 1
        climb = (step, now + configuration.steadyMillisecondsMax)
        self.calmSince = nil
        // Encoders that begin anew are late at first.
        watch = Watch(since: now, lag: lag, until: now + configuration.settleMilliseconds)
    }

    /// How long the lag must be small before a climb to a step.
    private func wait(for step: Int) -> Int64 {
        var wait = configuration.steadyMilliseconds
        for _ in 0..<(failedClimbs[step] ?? 0) where wait < configuration.steadyMillisecondsMax { wait *= 2 }
        return min(wait, max(configuration.steadyMillisecondsMax, configuration.steadyMilliseconds))
    }

    // MARK: Rungs

    /// Brings what runs in line with what should.
    private mutating func changes() -> [Action] {
        let wanted = wanted
        let actions = rungs.compactMap { rung -> Action? in
            switch (running.contains(rung), wanted.contains(rung)) {
            case (true, false): .shed(rung)
            case (false, true): .restore(rung)
            case (true, true), (false, false): nil
            }
        }
        running = wanted
        return actions
    }

    private var wanted: Set<String> {
        let failed = failed
        let kept = rungs.dropFirst(shedCount).filter { !failed.contains($0) }
        guard kept.isEmpty, !hasCopy else { return Set(kept) }
        // Something must be left to play: the lowest rung of those that were shed.
        return Set(rungs.last { !failed.contains($0) }.map { [$0] } ?? [])
    }
}

extension LoadGovernor.Action: CustomStringConvertible {
    var description: String {
        switch self {
        case .usePreset(let step): step == 0 ? "the configured preset" : "\(step) presets faster than configured"
        case .shed(let rung): "\(rung) shed"
        case .restore(let rung): "\(rung) restored"
        }
    }
}
