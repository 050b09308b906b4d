public import StreamingCore

/// Connections to one Redis, shared by all who use it.
///
/// Each connection has a thread of its own, on which alone it blocks. Calls are pipelined: what several callers ask for
/// goes out in one write, and answers are matched to them in order. Nothing is retried here: a call ends with its
/// answer or with an error, at the latest after ``RedisSettings/callTimeMax``, and when the server is known to be down
/// at once. Whoever calls decides whether to try again; every command that is sent here may be repeated.
///
/// Connections that are lost are opened again by themselves, with growing delays of up to a second between attempts.
/// The threads end with the pool.
public final class RedisPool: Sendable {
    let core: PoolCore

    /// Begins to connect, and does not wait for it.
    ///
    /// - Parameter logger: Is told when Redis can no longer be used, and when it can again.
    /// - Throws: ``StreamError/network(reason:)`` when the file of TLS authorities cannot be used.
    public init(_ settings: RedisSettings, logger: Logger? = nil) throws(StreamError) {
        precondition(settings.connectionCount > 0, "a pool has connections")
        var tls: TLSContext?
        if case .tls(let file) = settings.protection {
            do throws(RedisFailure) {
                tls = try TLSContext(authoritiesFile: file)
            } catch {
                throw error.error(at: settings.address)
            }
        }
        core = PoolCore(settings, tls, logger)
        core.start()
    }

    deinit { core.close() }

    /// Asks the server whether it answers.
    ///
    /// - Throws: Why it cannot be used.
    public func check() async throws(StreamError) {
        _ = try await call(RedisCommands("PING"), "PING")
    }

    /// Sends commands together and waits for their answers, of which there are as many; errors of single commands are
    /// among them.
    ///
    /// Not cancellable: it ends soon enough.
    func send(_ commands: RedisCommands) async throws(StreamError) -> [RedisReply] {
        let deadline = ContinuousClock.now + core.settings.callTimeMax
        let outcome: RedisRequest.Outcome = await withCheckedContinuation { continuation in
            core.submit(RedisRequest(commands: commands, deadline: deadline) { continuation.resume(returning: $0) })
        }
        return try outcome.get()
    }

    /// As `send`, when every error is one of the whole call.
    ///
    /// - Parameter name: Of the command, for messages.
    func call(_ commands: RedisCommands, _ name: String) async throws(StreamError) -> [RedisReply] {
        let replies = try await send(commands)
        for reply in replies { _ = try reply.checked(name) }
        return replies
    }
}
