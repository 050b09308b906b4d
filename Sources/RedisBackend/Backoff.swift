/// How long to wait before the next attempt to connect: doubled with each failure, shortened by chance so that many
/// clients of a server that comes back do not come all at once.
struct Backoff {
    static let delayMin = Duration.milliseconds(50)
    static let delayMax = Duration.seconds(1)

    private var delay = Backoff.delayMin

    /// - Parameter chance: 0 to 1.
    /// - Returns: Between half of the delay and all of it.
    mutating func failed(chance: Double) -> Duration {
        defer { delay = min(delay * 2, Self.delayMax) }
        return delay * (0.5 + chance / 2)
    }

    mutating func succeeded() { delay = Self.delayMin }
}
