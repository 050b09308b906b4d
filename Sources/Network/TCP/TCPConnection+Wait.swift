internal import CLinux

/// How a connection waits: for the socket, for a deadline, for cancellation, whichever is first.
extension TCPConnection: LoopTimerTarget {
    subscript(direction: Direction) -> WaitSlot {
        get {
            switch direction {
            case .reading: reading
            case .writing: writing
            }
        }
        _modify {
            switch direction {
            case .reading: yield &reading
            case .writing: yield &writing
            }
        }
    }

    /// Suspends until the socket is ready in a direction.
    ///
    /// - Throws: `NetworkError` when the deadline passes or the connection closes; `CancellationError`.
    func wait(_ direction: Direction, until deadline: LoopTime) async throws {
        unsafe precondition(self[direction].continuation == nil, "two tasks are \(direction) one connection")
        self[direction].serial &+= 1
        let serial = self[direction].serial
        try await withTaskCancellationHandler {
            try await unsafe withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                guard !Task.isCancelled else { return unsafe continuation.resume(throwing: CancellationError()) }
                // Between the caller's look at the socket and here the task may have left the thread and come back.
                guard !isReady(direction) else { return unsafe continuation.resume() }
                unsafe self[direction].continuation = continuation
                self[direction].deadline = deadline
                if deadline < .never { fireTimer(by: deadline) }
            }
        } onCancel: {
            // It may run in the middle of anything, also on the loop itself: the loop gets to it when nothing is
            // half done.
            loop.execute {
                guard self[direction].serial == serial else { return }
                self.resume(direction, .failure(CancellationError()))
            }
        }
    }

    private func isReady(_ direction: Direction) -> Bool {
        switch direction {
        case .reading: isReadable || isClosed || (readingEndsWhenDraining && isDrainingNow)
        case .writing: isWritable || isClosed
        }
    }

    /// Ends the wait of a direction, if there is one.
    func resume(_ direction: Direction, _ result: Result<Void, any Error>) {
        guard let continuation = unsafe self[direction].continuation else { return }
        unsafe self[direction].continuation = nil
        self[direction].deadline = .never
        unsafe continuation.resume(with: result)
    }

    /// Drains this connection alone, and also ends a wait for a peer that takes nothing.
    func interrupt() {
        drain()
        resume(.writing, .failure(NetworkError.draining))
    }

    /// Makes sure that the timer fires at a deadline or before.
    func fireTimer(by deadline: LoopTime) {
        if !timer.isArmed || timer.deadline > deadline { loop.timers.arm(timer, at: deadline, for: self) }
    }

    func timerFired(_ timer: LoopTimer) {
        let now = loop.turnBegan
        if reading.deadline <= now { resume(.reading, .failure(NetworkError.readTimedOut)) }
        if writing.deadline <= now { writeTimeoutPassed(now) }
        if departureDeadline <= now {
            departureDeadline = .never
            departed()
        }
        let next = min(reading.deadline, writing.deadline, departureDeadline)
        if next < .never && !isClosed { fireTimer(by: next) }
    }

    /// Fails the writer only if the peer has acknowledged nothing for the whole time: to a slow peer with a large send
    /// buffer the kernel reports room only now and then.
    private func writeTimeoutPassed(_ now: LoopTime) {
        let unacknowledged = clinux_unacknowledged(socket.descriptor)
        guard !isConnecting && unacknowledged >= 0 && unacknowledged < unacknowledgedBytes else {
            return resume(.writing, .failure(NetworkError.writeTimedOut))
        }
        unacknowledgedBytes = unacknowledged
        writing.deadline = now + timeouts.writeNanoseconds
    }

    // MARK: Departure of the peer

    /// From now on, while nobody reads, cancels the connection's task when the peer leaves.
    ///
    /// A reset or an end in both directions is a departure at once. The end of what the peer sends alone is one only
    /// after a grace: a client may shut down its side behind its last request and still want the answer.
    func watchDeparture(grace nanoseconds: Int64) {
        watchesDeparture = true
        departureGraceNanoseconds = nanoseconds
        if peerHasEnded { peerEndedWhileWatched() }
    }

    /// Ends what `watchDeparture` began.
    func unwatchDeparture() {
        watchesDeparture = false
        departureDeadline = .never
    }

    func peerEndedWhileWatched() {
        guard !peerIsGone else { return departed() }
        guard departureDeadline == .never else { return }
        departureDeadline = loop.turnBegan + departureGraceNanoseconds
        fireTimer(by: departureDeadline)
    }

    /// Cancels the task that serves the connection.
    ///
    /// Cancelling is among what may be done to a task from outside through an `UnsafeCurrentTask`, while the task
    /// lives. It does: it set `task` at its beginning and clears it before its end, both on this thread.
    private func departed() {
        unsafe task?.cancel()
    }
}
