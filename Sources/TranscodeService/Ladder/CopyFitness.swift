import Media

/// Whether the encoder's own pictures may become a rendition.
public enum CopyPolicy: String, Sendable, Hashable, CaseIterable {
    /// Where they are fit for it.
    case auto
    /// Wherever players can show them, however long their segments become and however many bits they have.
    case copy
    /// Never.
    case encode
}

/// Finds out whether a source can be copied: from its configuration at once, from its frames in a few seconds.
///
/// ```
/// undecided ──▶ fit ──▶ unfit
///     └───────────────────▲
/// ```
///
/// The frames of one configuration are counted from their first key frame on. The decision falls when a second key
/// frame has come and ``openingMilliseconds`` have passed, and at the latest when twice the target duration has passed
/// without one. What was fit stays so until key frames become rare, or until a whole ``windowMilliseconds`` has too
/// many bits; what is unfit stays unfit, so that renditions do not flap. A new configuration needs a new value.
///
/// Pauses count as ``pauseMilliseconds`` at the most: an encoder that stood still has not changed its settings. So a
/// decision needs a bounded number of frames, but media time that does not go on decides nothing.
struct CopyFitness: Sendable {
    enum Decision: Sendable, Hashable {
        /// Becomes `fit` or `unfit`.
        case undecided
        /// What was measured before the decision, in bits per second. Becomes `unfit` or stays.
        case fit(bitRate: Int)
        /// Stays. Only how far key frames are apart may be told more exactly later.
        case unfit(CopyRefusal)
    }

    /// The bit rate is measured for so long before the decision, in milliseconds, unless twice the target duration is
    /// shorter.
    static let openingMilliseconds: Int64 = 2000
    /// A group of pictures that ends so much earlier is long enough too: milliseconds are rounded.
    private static let openingSlackMilliseconds: Int64 = 200
    /// How long the bit rate is measured for afterwards, in milliseconds. Windows begin at multiples on the timeline,
    /// so that whoever starts in the middle finds the same ones.
    static let windowMilliseconds: Int64 = 10_000
    /// By how many percent the bit rate may be above the rung's before the decision.
    static let openingExcessPercent = 25
    /// By how many percent the bit rate may be above the rung's afterwards.
    static let windowExcessPercent = 50
    /// How much longer than allowed a group of pictures may seem, in milliseconds: about a frame.
    static let keyframeSlackMilliseconds: Int64 = 50
    /// A longer time between two frames is a pause of the source.
    static let pauseMilliseconds: Int64 = 1000

    private(set) var decision: Decision
    /// The folder that a copy would have.
    let candidateName: String?
    /// The newest measurement, in bits per second; `nil` in the first seconds.
    private(set) var measuredBitRate: Int?

    /// Whether key frames and bits decide.
    private let isForced: Bool
    private let bitRateMax: Int
    /// Twice the target duration, in ticks like all below.
    private let intervalMax: Int64
    /// The time of the newest picture; `nil` before the first key frame.
    private var newestTime: Int64?
    /// Media time since the first key frame, without pauses.
    private var elapsed: Int64 = 0
    /// When the newest key frame came, on the same clock; `nil` when that is not known after an interruption.
    private var lastKeyframe: Int64?
    private var byteCount = 0
    /// When the newest key frame came, and the bytes before it.
    private var wholeGroups = (elapsed: Int64(0), byteCount: 0)
    private var window: Window?

    private struct Window {
        let index: Int64
        /// Whether it was seen from its beginning.
        let isWhole: Bool
        var elapsed: Int64 = 0
        var byteCount = 0
    }

    /// - Parameters:
    ///   - candidate: The rendition that a copy would be; `nil` when the pictures are too large for any.
    ///   - targetMilliseconds: The target duration of segments.
    ///   - decision: What another value had found out about the same configuration; `nil` to find out anew.
    init(
        source: SourcePicture, candidate: PlannedRendition?, policy: CopyPolicy, targetMilliseconds: Int64,
        resuming decision: Decision? = nil
    ) {
        candidateName = candidate?.name
        isForced = policy == .copy
        bitRateMax = candidate?.bitRate ?? 0
        intervalMax = 2 * targetMilliseconds * Self.ticksPerMillisecond
        if let refusal = CopyRefusal(of: source, candidate, policy) {
            self.decision = .unfit(refusal)
        } else {
            self.decision = decision ?? (isForced ? .fit(bitRate: bitRateMax) : .undecided)
        }
    }

    init(
        source: AVCConfiguration, candidate: PlannedRendition?, policy: CopyPolicy, targetMilliseconds: Int64,
        resuming decision: Decision? = nil
    ) {
        self.init(
            source: SourcePicture(source), candidate: candidate, policy: policy,
            targetMilliseconds: targetMilliseconds, resuming: decision)
    }

    /// The timeline is torn: the encoder is gone, or its times have jumped.
    mutating func interrupted() {
        newestTime = nil
        lastKeyframe = nil
        window = nil
    }

    /// Takes the source's next frame, in the order of the log.
    ///
    /// - Parameter presentationTime: In 1/90,000 s.
    mutating func append(presentationTime time: Int64, isKeyframe: Bool, byteCount count: Int) {
        guard newestTime != nil || isKeyframe else { return }
        let step = min(max(0, time - (newestTime ?? time)), Self.pauseMilliseconds * Self.ticksPerMillisecond)
        newestTime = max(time, newestTime ?? time)
        elapsed += step
        measure(count, step: step, at: time)
        checkInterval(isKeyframe)
        if isKeyframe {
            wholeGroups = (elapsed, byteCount)
            lastKeyframe = elapsed
        }
        if decision == .undecided || measuredBitRate == nil { decide() }
        byteCount += count
    }

    // MARK: Key frames

    private mutating func checkInterval(_ isKeyframe: Bool) {
        guard let lastKeyframe, !isForced else { return }
        let interval = elapsed - lastKeyframe
        guard interval > intervalMax + Self.keyframeSlackMilliseconds * Self.ticksPerMillisecond else { return }
        let refusal: CopyRefusal =
            isKeyframe
            ? .keyframesApart(milliseconds: milliseconds(interval), max: milliseconds(intervalMax))
            : .noKeyframe(milliseconds: milliseconds(interval), max: milliseconds(intervalMax))
        switch decision {
        case .undecided, .fit: decision = .unfit(refusal)
        case .unfit(.noKeyframe): if isKeyframe { decision = .unfit(refusal) }
        case .unfit: break
        }
    }

    // MARK: Bits

    private mutating func decide() {
        let opening = min(Self.openingMilliseconds * Self.ticksPerMillisecond, intervalMax)
        let slack = Self.openingSlackMilliseconds * Self.ticksPerMillisecond
        guard wholeGroups.elapsed > 0, max(elapsed, wholeGroups.elapsed + slack) >= opening else { return }
        let bitRate = Self.bitRate(wholeGroups.byteCount, in: wholeGroups.elapsed)
        measuredBitRate = bitRate
        guard decision == .undecided else { return }
        let limit = bitRateMax + bitRateMax / 100 * Self.openingExcessPercent
        decision = bitRate > limit ? .unfit(.bitRate(bitRate, max: bitRateMax)) : .fit(bitRate: bitRate)
    }

    private mutating func measure(_ count: Int, step: Int64, at time: Int64) {
        let index = time / (Self.windowMilliseconds * Self.ticksPerMillisecond)
        if let window, window.index < index {
            windowEnded(window)
            self.window = Window(index: index, isWhole: true)
        }
        if window == nil { window = Window(index: index, isWhole: false) }
        window?.elapsed += step
        window?.byteCount += count
    }

    private mutating func windowEnded(_ window: Window) {
        // Half of a window says nothing: pictures of two seconds may be in a single key frame.
        let isLong = window.elapsed * 2 >= Self.windowMilliseconds * Self.ticksPerMillisecond
        guard window.isWhole, isLong else { return }
        let bitRate = Self.bitRate(window.byteCount, in: window.elapsed)
        measuredBitRate = bitRate
        let limit = bitRateMax + bitRateMax / 100 * Self.windowExcessPercent
        guard case .fit = decision, !isForced, bitRate > limit else { return }
        decision = .unfit(.bitRate(bitRate, max: bitRateMax))
    }

    private static let ticksPerMillisecond = Int64(MediaTime.videoTimescale) / 1000

    private func milliseconds(_ ticks: Int64) -> Int64 { ticks / Self.ticksPerMillisecond }

    private static func bitRate(_ byteCount: Int, in ticks: Int64) -> Int {
        Int(Int64(byteCount) * 8 * Int64(MediaTime.videoTimescale) / max(ticks, 1))
    }
}
