public import StreamingCore

/// What an administrator can do with the qualities that broadcasts are made in.
public struct QualityAdministration: Sendable {
    /// Where a ladder comes from. The raw values are those of the API.
    public enum Origin: String, Sendable {
        /// Nothing was set: the configuration's ladder counts.
        case configuration
        /// It was set through the API.
        case api
    }

    private let levels: any QualityLevelRepository
    private let configured: QualityLadder

    /// - Parameter configured: What counts as long as nothing is stored.
    public init(levels: any QualityLevelRepository, configured: QualityLadder) {
        self.levels = levels
        self.configured = configured
    }

    /// What a broadcast that begins now is made in.
    public func current() async throws(StreamError) -> (ladder: QualityLadder, origin: Origin) {
        let stored = try await levels.list()
        return stored.levels.isEmpty ? (configured, .configuration) : (stored, .api)
    }

    /// Sets the qualities of broadcasts that begin from now on; an empty ladder brings the configured one back.
    public func replace(with ladder: QualityLadder) async throws(StreamError) {
        try await levels.replaceAll(with: ladder)
    }
}
