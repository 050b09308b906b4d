import StreamingCore

/// How well a stream on air does, from 100 down: what is taken off has a reason, and a remedy where there is one.
struct StreamHealth: Equatable {
    /// Something that takes points off.
    struct Deduction: Equatable {
        /// For programs; it never changes.
        let code: Code
        /// 1 to 100.
        let points: Int
        /// For people, with the numbers that were measured.
        let reason: String
    }

    enum Code: String, CaseIterable {
        case noSource = "no_source"
        case keyframesRare = "keyframes_rare"
        case pictureRateFalls = "picture_rate_falls"
        case bitrateDips = "bitrate_dips"
        case audioDrifts = "audio_drifts"
        case timestampsRepaired = "timestamps_repaired"
        case mediaLate = "media_late"
        case transcodingDegraded = "transcoding_degraded"
        case transcodingRefused = "transcoding_refused"
        case transcodingFailed = "transcoding_failed"
        case viewersStall = "viewers_stall"
        case startupSlow = "startup_slow"
    }

    enum Grade: String {
        case good, fair, poor
    }

    private(set) var deductions: [Deduction] = []

    /// 0 to 100.
    var score: Int { max(0, 100 - deductions.reduce(0) { $0 + $1.points }) }
    var grade: Grade { score >= 85 ? .good : score >= 60 ? .fair : .poor }
    /// What the broadcaster or the operator can do, in the order of what it would gain.
    var recommendations: [(code: Code, text: String)] {
        deductions.sorted { $0.points > $1.points }.compactMap { deduction in
            deduction.code.remedy.map { (deduction.code, $0) }
        }
    }

    /// What is measured over, in milliseconds.
    static let milliseconds: Int64 = 60_000

    /// - Parameters:
    ///   - recent: Measurements of the last ``milliseconds``, the newest last.
    ///   - transcoding: How transcoding does, and why it does not as it should.
    init(recent: [StreamMetrics], transcoding: (state: BroadcastStatus.State, reason: String?)?) {
        judgeSource(recent)
        judgeTranscoding(transcoding)
        judgePlayback(recent)
    }

    private mutating func deduct(_ code: Code, _ points: Int, _ reason: String) {
        deductions.append(Deduction(code: code, points: points, reason: reason))
    }

    // MARK: The encoder

    private mutating func judgeSource(_ recent: [StreamMetrics]) {
        guard let now = recent.last?.source else {
            return deduct(.noSource, 40, "No encoder is connected.")
        }
        judgeKeyframes(now)
        judgeRates(recent.compactMap { second in second.source.map { (second, $0) } })
        let drift = abs(now.audioDriftMilliseconds)
        if drift >= 100 {
            deduct(
                .audioDrifts, drift >= 500 ? 25 : 10, "Sound and picture are \(drift) ms further apart than at first.")
        }
        let first = recent.first { $0.source != nil }?.source?.timestampRepairs ?? now.timestampRepairs
        let repairs = now.timestampRepairs - first
        if repairs >= 5 {
            deduct(.timestampsRepaired, repairs >= 50 ? 20 : 10, "\(repairs) timestamps were put right in a minute.")
        }
        if now.arrivalDelayMilliseconds >= 1000 {
            let delay = now.arrivalDelayMilliseconds
            deduct(.mediaLate, delay >= 5000 ? 20 : 10, "Media arrives \(seconds(delay)) s behind its own clock.")
        }
    }

    private mutating func judgeKeyframes(_ source: SourceHealth) {
        guard let interval = source.keyframeIntervalMilliseconds, interval > 4100 else { return }
        let points = interval > 10_000 ? 25 : interval > 6100 ? 15 : 8
        deduct(.keyframesRare, points, "A keyframe comes every \(seconds(interval)) s.")
    }

    private mutating func judgeRates(_ seconds: [(metrics: StreamMetrics, source: SourceHealth)]) {
        guard seconds.count >= 10 else { return }
        let rates = seconds.map(\.source.picturesPerSecond).sorted()
        let usual = rates[rates.count / 2]
        let lowered = seconds.suffix(10).filter { $0.source.picturesPerSecond < usual * 0.8 }.count
        if usual > 0, lowered >= 3 {
            deduct(.pictureRateFalls, lowered >= 6 ? 20 : 10, "Pictures were missing in \(lowered) of the last 10 s.")
        }
        let dips = seconds.filter { $0.metrics.ingressBitsPerSecond * 2 < $0.source.usualBitsPerSecond }.count
        if dips >= 3 {
            let points = min(25, 5 + dips)
            deduct(
                .bitrateDips, points, "The bit rate fell to less than half in \(dips) of the last \(seconds.count) s.")
        }
    }

    // MARK: Us and the viewers

    private mutating func judgeTranscoding(_ transcoding: (state: BroadcastStatus.State, reason: String?)?) {
        guard let (state, reason) = transcoding else { return }
        let because = reason.map { ": \($0)" } ?? ""
        switch state {
        case .passthrough, .running: return
        case .degraded: deduct(.transcodingDegraded, 15, "Fewer or lesser renditions are made\(because).")
        case .refused: deduct(.transcodingRefused, 20, "The source alone is passed on\(because).")
        case .failed: deduct(.transcodingFailed, 30, "Transcoding failed\(because).")
        }
    }

    private mutating func judgePlayback(_ recent: [StreamMetrics]) {
        let ratios = recent.compactMap(\.stallRatio)
        if !ratios.isEmpty {
            let ratio = ratios.reduce(0, +) / Double(ratios.count)
            if ratio > 0.01 {
                let percent = (ratio * 1000).rounded() / 10
                deduct(.viewersStall, ratio > 0.05 ? 25 : 10, "Viewers waited for \(percent)% of their time.")
            }
        }
        let startups = recent.compactMap(\.startup)
        if let slowest = startups.map(\.percentile95).max(), slowest > 3000 {
            deduct(.startupSlow, 5, "It took some viewers \(seconds(slowest)) s to see the first picture.")
        }
    }

    /// `8.3` of 8,340 ms.
    private func seconds(_ milliseconds: Int64) -> String {
        let tenths = (milliseconds + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension StreamHealth.Code {
    /// What can be done about it.
    fileprivate var remedy: String? {
        switch self {
        case .noSource: "Connect the encoder again; the broadcast ends when its grace time is over."
        case .keyframesRare: "Set the encoder's keyframe interval to 2 s: viewers join and switch at keyframes."
        case .pictureRateFalls: "The encoder drops pictures: lower its resolution, its preset or its picture rate."
        case .bitrateDips: "The way from the encoder does not hold its bit rate: lower it, or use a cable."
        case .audioDrifts:
            "The encoder's clocks run apart: use one device for sound and picture, or its synchronisation."
        case .timestampsRepaired: "The encoder's timestamps jump: update it, and do not change scenes by other inputs."
        case .mediaLate: "The way from the encoder is too narrow: lower the bit rate."
        case .transcodingDegraded, .transcodingRefused: "Add transcoding capacity, or make the ladder smaller."
        case .transcodingFailed: "Look for the encoder's error in the log of transcode."
        case .viewersStall: nil
        case .startupSlow: "Shorter keyframe intervals let players begin sooner."
        }
    }
}
