/// The targets of a broadcast while they are being found.
struct PendingTargets: Sendable, Hashable {
    /// What the configuration asks for, in milliseconds.
    let wishedPartMilliseconds: Int64
    /// `nil` until the duration of a frame is known.
    private(set) var chosen: Int64?
    private(set) var isAnnounced = false

    init(wishedPartMilliseconds: Int64) { self.wishedPartMilliseconds = wishedPartMilliseconds }

    /// Those of a broadcast that has announced them.
    init(wishedPartMilliseconds: Int64, announced partMilliseconds: Int64?) {
        self.wishedPartMilliseconds = wishedPartMilliseconds
        chosen = partMilliseconds
        isAnnounced = partMilliseconds != nil
    }

    var partMilliseconds: Int64 { chosen ?? wishedPartMilliseconds + 1 }

    mutating func choosePart(frameTicks: Int64, timescale: Int32) {
        guard chosen == nil else { return }
        let milliseconds = (frameTicks * 1000 + Int64(timescale) - 1) / Int64(timescale)
        chosen = PartTarget.milliseconds(wished: wishedPartMilliseconds, frameMilliseconds: milliseconds)
    }

    /// The targets to announce, the first time.
    mutating func announce(_ durationSeconds: Int) -> Targets? {
        guard !isAnnounced else { return nil }
        isAnnounced = true
        chosen = partMilliseconds
        return Targets(durationSeconds: durationSeconds, partMilliseconds: Int(partMilliseconds))
    }
}
