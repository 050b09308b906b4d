import StreamingCore

/// What events have told of the renditions of a broadcast that is on air.
struct BroadcastStatus: Sendable, Equatable {
    /// How transcoding does. The raw values are those of the API.
    enum State: String, Sendable {
        /// No picture is encoded, as it should be: the source is passed on.
        case passthrough
        /// All renditions are made.
        case running
        /// Renditions are missing or made with less care, to keep up or because an encoder failed.
        case degraded
        /// Not one rendition is encoded, because the worker has enough to do: the source is passed on alone.
        case refused
        /// Not one rendition is encoded, because that failed as a whole.
        case failed
    }

    /// An encoder or decoder that failed.
    struct Failure: Sendable, Equatable {
        /// `nil` when it was all of transcoding.
        let rendition: String?
        let reason: String
        let at: WallTime
    }

    /// The most failures to keep: what was first is forgotten.
    static let failuresMax = 16

    private(set) var report: LadderReport?
    private(set) var refusal: String?
    /// The newest last.
    private(set) var failures: [Failure] = []
    /// When the newest of all this was told.
    private(set) var changedAt: WallTime

    init(at time: WallTime) { changedAt = time }

    mutating func reported(_ report: LadderReport, at time: WallTime) {
        self.report = report
        changedAt = time
    }

    mutating func refused(_ reason: String, at time: WallTime) {
        refusal = reason
        changedAt = time
    }

    mutating func failed(_ failure: Failure) {
        failures = failures.suffix(Self.failuresMax - 1) + [failure]
        changedAt = failure.at
    }

    /// How transcoding does, and why it does not as it should; the newest report has the last word on what there is.
    ///
    /// `nil` when nothing was told.
    var transcoding: (state: State, reason: String?)? {
        let renditions = report?.renditions ?? []
        let isEncoding = renditions.contains { $0.isVideo && $0.mode != .copy }
        if !isEncoding {
            if let failure = failures.last(where: { $0.rendition == nil }) { return (.failed, failure.reason) }
            if let refusal { return (.refused, refusal) }
        }
        if let degradation = report?.degradation { return (.degraded, degradation.reason) }
        let lost = failures.last { failure in
            failure.rendition.map { name in !renditions.contains { $0.name == name } } ?? false
        }
        if let lost { return (.degraded, lost.reason) }
        guard report != nil else { return nil }
        return (isEncoding ? .running : .passthrough, nil)
    }
}
