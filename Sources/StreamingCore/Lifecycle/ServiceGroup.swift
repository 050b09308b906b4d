import Synchronization

/// Runs the services of a process and ends them in order.
///
/// They start together. On a shutdown they are cancelled one after the other in the order of the list, each awaited
/// before the next: what feeds others stands before what it feeds, so that everything under way flows out. When one
/// fails, the rest are ended the same way and the failure is thrown.
public struct ServiceGroup: Sendable {
    private let services: [any Service]
    private let logger: Logger

    public init(_ services: [any Service], logger: Logger) {
        self.services = services
        self.logger = logger
    }

    /// - Parameter shutdown: Returns when the process is to end.
    public func run(until shutdown: @escaping @Sendable () async -> Void) async throws {
        let stop = Latch()
        // These tasks are not children of a group, because each must be cancelled alone; all are awaited below.
        let tasks = services.map { service in
            Task {
                defer { stop.open() }
                try await service.run()
            }
        }
        let waiter = Task {
            await shutdown()
            stop.open()
        }
        await stop.wait()
        waiter.cancel()
        var failure: (any Error)?
        for (service, task) in zip(services, tasks) {
            task.cancel()
            do { try await task.value } catch is CancellationError {} catch {
                logger.error("service failed", ["service.name": LogValue(service.name), "error": LogValue(error)])
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }
}

/// Opens once; everyone who waits goes on.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
