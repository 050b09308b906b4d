/// The qualities that an administrator has set; none at all stands for the configured ladder.
public protocol QualityLevelRepository: Sendable {
    /// What is stored, from the highest to the lowest; empty when nothing was set.
    func list() async throws(StreamError) -> QualityLadder

    /// Stores a ladder in place of all that is stored. An empty one makes the configured ladder count again.
    func replaceAll(with ladder: QualityLadder) async throws(StreamError)
}

extension QualityLevelRepository {
    /// What a broadcast that begins now is made in: what is stored, or the configured ladder when nothing is.
    public func ladder(orElse configured: QualityLadder) async throws(StreamError) -> QualityLadder {
        let stored = try await list()
        return stored.levels.isEmpty ? configured : stored
    }
}
