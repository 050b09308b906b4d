internal import CCurl

/// What the thread of ``TransferThread`` does.
///
/// Unsafe code: handles are libcurl's; each is made and freed here, and used by no other thread.
@safe final class TransferLoop {
    /// How long a connection may take to be made, in milliseconds.
    static let connectMillisecondsMax = 2000
    /// What is slower for ``Exchange/stallSecondsMax`` is given up, in bytes per second.
    static let bytesPerSecondMin = 1024
    /// How long to sleep when nothing moves, in milliseconds; whoever brings something wakes the thread.
    private static let idleMilliseconds: Int32 = 60_000
    /// How long to sleep while exchanges wait, whose time may run out.
    private static let waitingMilliseconds: Int32 = 100

    private let inbox: TransferInbox
    private var waiting: [Transfer] = []
    /// At most as many as connections.
    private var running: [Transfer] = []
    /// Handles that were used before, at most as many as connections.
    private var idle: [UnsafeMutableRawPointer] = unsafe []

    init(_ inbox: TransferInbox) { self.inbox = inbox }

    deinit {
        while let handle = unsafe idle.popLast() { unsafe curl_easy_cleanup(handle) }
    }

    /// Works until the inbox is closed.
    func run() {
        let multi = unsafe inbox.multi
        while true {
            let (incoming, isClosed) = inbox.take()
            waiting += incoming
            unsafe endCancelled(multi)
            unsafe start(multi)
            var count: Int32 = 0
            _ = unsafe curl_multi_perform(multi, &count)
            if unsafe finish(multi), !waiting.isEmpty { continue }
            if isClosed && running.isEmpty && waiting.isEmpty { return }
            let milliseconds = waiting.isEmpty ? Self.idleMilliseconds : Self.waitingMilliseconds
            _ = unsafe curl_multi_poll(multi, nil, 0, milliseconds, nil)
        }
    }

    /// Begins what waits, as far as there are connections.
    private func start(_ multi: UnsafeMutableRawPointer) {
        let now = ContinuousClock.now
        var kept: [Transfer] = []
        for transfer in waiting {
            if transfer.exchange.deadline <= now {
                inbox.began()
                transfer.end(with: .failure(.timedOut))
            } else if running.count >= inbox.connectionsMax {
                kept.append(transfer)
            } else {
                inbox.began()
                unsafe begin(transfer, multi, now)
            }
        }
        waiting = kept
    }

    private func begin(_ transfer: Transfer, _ multi: UnsafeMutableRawPointer, _ now: ContinuousClock.Instant) {
        guard let handle = unsafe idle.popLast() ?? curl_easy_init() else {
            return transfer.end(with: .failure(.connection(code: 0, reason: "no memory")))
        }
        guard unsafe transfer.prepare(handle, now: now), unsafe curl_multi_add_handle(multi, handle) == CURLM_OK else {
            unsafe curl_easy_cleanup(handle)
            return transfer.end(with: .failure(.connection(code: 0, reason: "the request cannot be made")))
        }
        running.append(transfer)
    }

    /// - Returns: Whether a connection became free.
    private func finish(_ multi: UnsafeMutableRawPointer) -> Bool {
        var isAnyFinished = false
        var code = CURLE_OK
        while let handle = unsafe sluice_curl_finished(multi, &code) {
            isAnyFinished = true
            let status = unsafe sluice_curl_status(handle)
            guard let transfer = running.first(where: { unsafe $0.handle == handle }) else { continue }
            unsafe release(transfer, multi)
            transfer.end(status: status, code: code)
        }
        return isAnyFinished
    }

    private func endCancelled(_ multi: UnsafeMutableRawPointer) {
        for transfer in running where transfer.isCancelled {
            unsafe release(transfer, multi)
            transfer.end(with: .failure(.cancelled))
        }
        for transfer in waiting where transfer.isCancelled {
            inbox.began()
            transfer.end(with: .failure(.cancelled))
        }
        waiting.removeAll(where: \.isCancelled)
    }

    /// Takes the handle out of libcurl's hands and keeps it for the next transfer; the connection stays in the pool.
    private func release(_ transfer: Transfer, _ multi: UnsafeMutableRawPointer) {
        running.removeAll { $0 === transfer }
        guard let handle = unsafe transfer.handle else { return }
        _ = unsafe curl_multi_remove_handle(multi, handle)
        unsafe curl_easy_reset(handle)
        unsafe idle.append(handle)
    }
}
