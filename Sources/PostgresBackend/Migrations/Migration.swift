import StreamingCore

extension Migration {
    /// All that this binary knows, in order; their files are in `migrations/postgres/`.
    static let all = [streams, qualityLevels, audience, partitionLeases, audienceRecords]
}
