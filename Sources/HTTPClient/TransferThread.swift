internal import CCurl
import Glibc
import Synchronization

/// A thread that does HTTP exchanges by libcurl, many at once, over a bounded pool of connections that are kept open.
///
/// Exchanges beyond the number of connections wait in order, at most ``exchangesWaitingMax``; further ones are refused.
/// Neither an event loop nor the cooperative pool ever waits in here. The thread ends with its owner.
///
/// Unsafe code: the inbox is handed to `pthread_create` as a pointer that owns one reference, taken back at once by
/// the new thread.
public final class TransferThread: Sendable {
    /// Exchanges that wait for a connection, at most.
    public static let exchangesWaitingMax = 4096

    private let inbox: TransferInbox

    /// - Parameters:
    ///   - name: The thread's, as tools show it: at most 15 characters.
    ///   - connectionsMax: Connections at a time, and exchanges under way.
    public init(name: String, connectionsMax: Int) {
        inbox = TransferInbox(name: name, connectionsMax: connectionsMax)
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(inbox).toOpaque()
        let code = unsafe pthread_create(&thread, nil, runTransfers, context)
        precondition(code == 0, "a thread cannot be made: errno \(code)")
        pthread_detach(thread)
    }

    deinit { inbox.close() }

    /// Does one exchange; cancelling the task ends it.
    ///
    /// - Returns: The answer, whatever its status.
    public func perform(_ exchange: Exchange) async throws(TransferFailure) -> Answer {
        let cancellation = CancellationMark()
        let result: Result<Answer, TransferFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let transfer = Transfer(exchange, cancellation: cancellation, continuation)
                if !inbox.append(transfer) {
                    transfer.end(with: .failure(.overloaded(exchangesMax: Self.exchangesWaitingMax)))
                }
            }
        } onCancel: {
            cancellation.set()
            inbox.wake()
        }
        return try result.get()
    }
}

/// What others give to the thread, and libcurl's handle, which wakes it.
///
/// `@unchecked Sendable`: the handle belongs to the thread; others only call `curl_multi_wakeup` with it, which may be
/// called from any thread, and only as long as this object, which the thread holds too, lives.
@safe final class TransferInbox: @unchecked Sendable {
    private struct State {
        var incoming: [Transfer] = []
        /// Given to the thread and not begun.
        var waitingCount = 0
        var isClosed = false
    }

    let name: String
    let connectionsMax: Int
    let multi: UnsafeMutableRawPointer
    private let state = Mutex(State())

    /// libcurl's global state, made once: later calls are not safe beside others.
    private static let isStarted = sluice_curl_start() == CURLE_OK

    init(name: String, connectionsMax: Int) {
        self.name = name
        self.connectionsMax = connectionsMax
        guard Self.isStarted, let multi = unsafe curl_multi_init() else {
            preconditionFailure("libcurl cannot be started")
        }
        unsafe self.multi = multi
        _ = unsafe sluice_curl_limit_connections(multi, connectionsMax)
    }

    deinit { _ = unsafe curl_multi_cleanup(multi) }

    /// - Returns: Whether there is room for it.
    func append(_ transfer: Transfer) -> Bool {
        let isTaken = state.withLock { state in
            guard state.waitingCount < TransferThread.exchangesWaitingMax else { return false }
            state.waitingCount += 1
            state.incoming.append(transfer)
            return true
        }
        if isTaken { wake() }
        return isTaken
    }

    func began() { state.withLock { $0.waitingCount -= 1 } }

    func take() -> (incoming: [Transfer], isClosed: Bool) {
        state.withLock { state in
            defer { state.incoming = [] }
            return (state.incoming, state.isClosed)
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        wake()
    }

    func wake() { _ = unsafe curl_multi_wakeup(multi) }
}

/// The thread's body. `context` is the retained inbox of `TransferThread.init`.
private func runTransfers(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let inbox = unsafe Unmanaged<TransferInbox>.fromOpaque(context).takeRetainedValue()
    // TLS writes to connections that the server has closed; that is an error of the write and not a signal.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    // A thread without a name works as well.
    _ = unsafe sluice_curl_name_thread(inbox.name)
    TransferLoop(inbox).run()
    return nil
}
