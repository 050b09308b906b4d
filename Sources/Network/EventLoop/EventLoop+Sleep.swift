extension EventLoop {
    /// Waits on the loop's own timers.
    ///
    /// - Parameter deadline: When to go on; the loop rounds up to the next millisecond.
    /// - Throws: `CancellationError` when the task is cancelled first.
    public func sleep(until deadline: LoopTime) async throws {
        guard isCurrent else { return try await run { try await $0.sleep(until: deadline) } }
        let sleeper = Sleeper()
        try await withTaskCancellationHandler {
            try await unsafe withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                guard !Task.isCancelled else { return unsafe continuation.resume(throwing: CancellationError()) }
                unsafe sleeper.continuation = continuation
                timers.arm(sleeper.timer, at: deadline, for: sleeper)
            }
        } onCancel: {
            execute {
                self.timers.disarm(sleeper.timer)
                sleeper.resume(throwing: CancellationError())
            }
        }
    }

    /// Waits for a duration; see `sleep(until:)`.
    public func sleep(for duration: Duration) async throws { try await sleep(until: now + duration) }

    /// Runs an operation on this loop, from anywhere.
    ///
    /// - Parameter operation: Gets the loop; runs on its thread except while it awaits an actor that lives elsewhere.
    public func run<Value: Sendable, Failure: Error>(
        _ operation: @escaping @Sendable @concurrent (EventLoop) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await withTaskExecutorPreference(self) { () async throws(Failure) -> Value in
            try await onLoop(operation)
        }
    }

    @concurrent private func onLoop<Value: Sendable, Failure: Error>(
        _ operation: @escaping @Sendable @concurrent (EventLoop) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        precondition(isCurrent, "the task does not run on the loop that it prefers")
        return try await operation(self)
    }
}

/// Somebody who sleeps on a loop.
///
/// `@unchecked Sendable`: both properties are touched only on the loop's thread. The continuation is resumed once,
/// because whoever resumes it takes it away first.
@safe private final class Sleeper: LoopTimerTarget, @unchecked Sendable {
    let timer = LoopTimer()
    var continuation: UnsafeContinuation<Void, any Error>?

    func timerFired(_ timer: LoopTimer) {
        guard let continuation = unsafe continuation else { return }
        unsafe self.continuation = nil
        unsafe continuation.resume()
    }

    func resume(throwing error: any Error) {
        guard let continuation = unsafe continuation else { return }
        unsafe self.continuation = nil
        unsafe continuation.resume(throwing: error)
    }
}
