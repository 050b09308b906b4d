import Codecs
import Media
import Packaging
import StreamingCore

/// Watches how far a stream is behind, and orders less when it is too far.
///
/// It measures and translates; what to give up is ``LoadGovernor``'s decision.
struct LoadWatch {
    /// How long a source may be behind after its renditions were planned, because it was held until it was decided
    /// whether it is copied, in milliseconds.
    static let settlingMilliseconds: Int64 = 10_000
    /// The most faster presets to take.
    static let presetStepsMax = 2

    /// How long ago the newest picture that came out was received, in milliseconds.
    private(set) var lagMilliseconds: Int64 = 0
    /// How many cores the stream kept busy since the last observation; `nil` in between.
    private(set) var coresInUse: Double?
    /// Seconds of media for each second of work of all cores.
    private var realTimeFactor: Double?

    private let configuration: LadderConfiguration
    private let encoder: VideoEncoderKind
    private let load: WorkerLoad
    private let clock: any WallClock
    private let presetSteps: Int
    private var governor: LoadGovernor
    private var rungs: [PlannedRendition] = []
    private var steps: [LoadGovernor.Action] = []
    private var observedAt: (now: Int64, mediaTime: Int64)?
    private var reportedAt: Int64 = 0
    private var settlesAt: Int64?

    init(_ configuration: LadderConfiguration, encoder: VideoEncoderKind, load: WorkerLoad, clock: any WallClock) {
        self.configuration = configuration
        self.encoder = encoder
        self.load = load
        self.clock = clock
        let place = X264Preset.allCases.firstIndex(of: configuration.preset) ?? 0
        presetSteps = encoder == .libx264 ? min(place, Self.presetStepsMax) : 0
        governor = LoadGovernor(
            LoadGovernor.Configuration(lagMilliseconds: configuration.lagMilliseconds, presetSteps: presetSteps),
            rungs: [], hasCopy: false)
    }

    // MARK: Facts

    /// Other rungs may be encoded, because the source is another.
    mutating func planned(_ rungs: [PlannedRendition]) {
        self.rungs = rungs
        settlesAt = clock.now().unixMilliseconds + Self.settlingMilliseconds
    }

    /// A picture has come out of the pipeline.
    ///
    /// - Returns: Whether it is time for a report.
    mutating func observe(_ frame: Frame, controls: TranscodeControls, _ decision: CopyDecision) -> Bool {
        let now = clock.now().unixMilliseconds
        coresInUse = nil
        guard now - (observedAt?.now ?? 0) >= StreamTranscoder.observationMilliseconds else { return false }
        lagMilliseconds = max(0, now - frame.receivedUnixMilliseconds)
        measure(controls.takeBusyNanoseconds(), frame, now)
        if decision != .undecided { follow(controls.orders.copied, decision, controls) }
        if let settlesAt {
            if now < settlesAt && lagMilliseconds > configuration.lagMilliseconds / 2 { return false }
            self.settlesAt = nil
        }
        carryOut(
            governor.measured(lagMilliseconds: lagMilliseconds, busyPercent: load.busyPercent, now: now), controls)
        guard now - reportedAt >= StreamTranscoder.reportMilliseconds || !steps.isEmpty else { return false }
        reportedAt = now
        return true
    }

    /// A codec has failed.
    ///
    /// - Returns: Whether a rendition is lost for a while.
    mutating func failed(_ rung: String, controls: TranscodeControls) -> Bool {
        let actions = governor.encoderFailed(rung, now: clock.now().unixMilliseconds)
        carryOut(actions, controls)
        return !actions.isEmpty
    }

    /// What was ordered since this was asked last.
    mutating func takeSteps() -> [LoadGovernor.Action] {
        defer { steps = [] }
        return steps
    }

    private mutating func measure(_ busyNanoseconds: Int64, _ frame: Frame, _ now: Int64) {
        let mediaTime = frame.presentationTime / 90
        defer { observedAt = (now, mediaTime) }
        guard let observedAt, now > observedAt.now else { return }
        let busy = Double(busyNanoseconds) / 1e9 * load.unseenFactor
        coresInUse = Double(busyNanoseconds) / 1e6 / Double(now - observedAt.now)
        let media = Double(mediaTime - observedAt.mediaTime) / 1000
        if busy > 0, media > 0, media < 60 { realTimeFactor = media * load.coresMax / busy }
    }

    /// Tells the governor which rungs there are to give up.
    private mutating func follow(_ copied: String?, _ decision: CopyDecision, _ controls: TranscodeControls) {
        let encoded = rungs.map(\.name).filter { $0 != copied }
        let hasCopy = decision == .copy
        guard encoded != governor.rungs || hasCopy != governor.hasCopy else { return }
        carryOut(governor.ladderChanged(rungs: encoded, hasCopy: hasCopy), controls)
    }

    private mutating func carryOut(_ actions: [LoadGovernor.Action], _ controls: TranscodeControls) {
        guard !actions.isEmpty else { return }
        steps += actions
        let place = X264Preset.allCases.firstIndex(of: configuration.preset) ?? 0
        controls.order { orders in
            orders.preset = X264Preset.allCases[max(0, place - governor.presetStep)]
            orders.shed = governor.shed
        }
    }

    // MARK: Report

    /// What the stream is made in.
    func report(_ ladder: VideoLadder, copied: Int?, sound: Track?, _ orders: TranscodeOrders) -> LadderReport {
        var renditions = ladder.members.enumerated().map { index, member in
            let planned = rungs.first { $0.name == member.name }
            let isCopy = index == copied
            var size: PictureSize?
            var rate: Ratio?
            if case .avc(let avc) = member.track.configuration {
                size = avc.displaySize
                rate = avc.sequence.frameRate
            }
            let capped = planned.map { rung in
                orders.sourceBitRate.map { rung.cappedBitRate(sourceBitRate: $0) } ?? rung.bitRate
            }
            return LadderReport.Rendition(
                name: member.name, size: size, frameRate: rate,
                bitsPerSecond: isCopy ? orders.sourceBitRate ?? 0 : capped ?? 0,
                mode: isCopy ? .copy : .encode(encoder: encoder.rawValue))
        }
        if sound != nil {
            renditions.append(
                LadderReport.Rendition(
                    name: Packager.Configuration().audioName, size: nil, bitsPerSecond: configuration.audioBitRate,
                    mode: .encode(encoder: "aac")))
        }
        let encodes = ladder.members.count > (copied == nil ? 0 : 1)
        return LadderReport(
            renditions: renditions, copyRefusal: orders.copyRefusal, degradation: degradation,
            preset: encodes && encoder == .libx264 ? orders.preset.rawValue : nil,
            realTimeFactor: encodes ? realTimeFactor : nil, lagMilliseconds: lagMilliseconds)
    }

    private var degradation: LadderReport.Degradation? {
        guard governor.step > 0 || !governor.shed.isEmpty else { return nil }
        let failed = governor.failed
        let reason =
            governor.step == 0
            ? "encoders failed: \(failed.sorted().joined(separator: ", "))" : "transcoding was too slow for this worker"
        return LadderReport.Degradation(shedRenditions: governor.rungs.filter(governor.shed.contains), reason: reason)
    }
}
