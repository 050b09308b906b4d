import StreamingCore
import Synchronization

/// Makes what many ask for at the same moment once, and gives it to all of them. It keeps nothing.
final class SharedWork<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private enum Outcome {
        case made(Result<Value, StreamError>)
        /// The one who made it was cancelled before it was made; somebody else must.
        case abandoned
    }

    /// Who waits for what is being made.
    private let making = Mutex<[Key: [CheckedContinuation<Outcome, Never>]]>([:])

    /// - Parameter make: Must not wait for anything but the store. Whoever comes first runs it, in its own task.
    func value(for key: Key, make: () async throws(StreamError) -> Value) async throws(StreamError) -> Value {
        while true {
            let isFirst = making.withLock { making in
                guard making[key] == nil else { return false }
                making[key] = []
                return true
            }
            if isFirst {
                let result: Result<Value, StreamError>
                do throws(StreamError) { result = .success(try await make()) } catch { result = .failure(error) }
                finish(key, with: isAbandoned(result) ? .abandoned : .made(result))
                return try result.get()
            }
            if case .made(let result) = await join(key) { return try result.get() }
        }
    }

    private func isAbandoned(_ result: Result<Value, StreamError>) -> Bool {
        switch result {
        case .success: false
        case .failure: Task.isCancelled
        }
    }

    private func join(_ key: Key) async -> Outcome {
        await withCheckedContinuation { continuation in
            let isOver = making.withLock { making in
                guard making[key] != nil else { return true }
                making[key]?.append(continuation)
                return false
            }
            if isOver { continuation.resume(returning: .abandoned) }
        }
    }

    private func finish(_ key: Key, with outcome: Outcome) {
        for waiter in making.withLock({ $0.removeValue(forKey: key) ?? [] }) { waiter.resume(returning: outcome) }
    }
}
