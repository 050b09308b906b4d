import StreamingCore

extension Migration {
    /// All that this binary knows, in order; their files are in `migrations/sqlite/`.
    static let all = [streams, qualityLevels, audience]
}
