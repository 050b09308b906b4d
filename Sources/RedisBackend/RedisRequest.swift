import StreamingCore

/// A call of somebody who waits: commands, the latest time for their answers, and whom to tell.
struct RedisRequest: Sendable {
    typealias Outcome = Result<[RedisReply], StreamError>

    let commands: RedisCommands
    let deadline: ContinuousClock.Instant
    /// Called once, on any thread, with no lock held.
    let answer: @Sendable (Outcome) -> Void
}
