internal import CLinux
internal import Glibc
internal import Synchronization

extension EventLoop {
    /// Starts the thread, which keeps the loop alive until it ends.
    func startThread() throws(NetworkError) {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self)
        let status = unsafe pthread_create(&thread, nil, eventLoopThread, context.toOpaque())
        guard status == 0 else {
            unsafe context.release()
            throw .system(call: "pthread_create", errno: status)
        }
        pthread_detach(thread)
    }

    /// Turns until the loop is told to stop and has nothing left to run.
    func turnUntilStopped() {
        let key = currentLoopKey
        unsafe pthread_setspecific(key, Unmanaged.passUnretained(self).toOpaque())
        var eventCount = 0
        while let milliseconds = prepareToWait() {
            // Under load whoever sends the next requests may be waiting for this very core: letting it run first makes
            // one wake serve many of them. An idle loop, or one with a few encoders, never gets here.
            if eventCount >= Self.busyEventsMin && milliseconds != 0 { sched_yield() }
            do {
                eventCount = try poller.wait(milliseconds: milliseconds) { id, events in
                    registrations.target(id)?.eventsArrived(events)
                }
            } catch {
                preconditionFailure("an event loop cannot wait for events: \(error)")
            }
            turnBegan = .current
            fireTimers()
            takeRemoteWork()
            runReadyWork()
            sendCorked()
        }
        pthread_setspecific(key, nil)
    }

    /// Decides how long to wait in the kernel: not at all while there is work, until the next timer, or without end.
    ///
    /// - Returns: Milliseconds, -1 for no end; nil when the loop ends now.
    private func prepareToWait() -> Int32? {
        guard ready.isEmpty else { return 0 }
        let timeout = timers.earliest.map(milliseconds(until:)) ?? -1
        return remote.withLock { remote in
            guard remote.work.isEmpty else { return 0 }
            if remote.isStopping {
                remote.hasEnded = true
                return nil
            }
            remote.isAsleep = timeout != 0
            return timeout
        }
    }

    /// The wait until a deadline, rounded up so that the timer is due when the wait is over.
    private func milliseconds(until deadline: LoopTime) -> Int32 {
        let nanoseconds = deadline.nanoseconds - LoopTime.current.nanoseconds
        return nanoseconds <= 0 ? 0 : Int32(clamping: (nanoseconds + 999_999) / 1_000_000)
    }

    private func fireTimers() {
        while let (timer, target) = timers.popDue(turnBegan) { target.timerFired(timer) }
    }

    private func takeRemoteWork() {
        remote.withLock { remote in
            remote.isAsleep = false
            guard !remote.work.isEmpty else { return }
            if ready.isEmpty {
                swap(&ready, &remote.work)
            } else {
                ready.append(contentsOf: remote.work)
                remote.work.removeAll(keepingCapacity: true)
            }
        }
    }

    private func runReadyWork() {
        let serial = unsafe isolation.asUnownedSerialExecutor()
        let task = unsafe asUnownedTaskExecutor()
        for _ in 0..<Self.roundsPerTurnMax where !ready.isEmpty {
            swap(&ready, &running)
            for work in running {
                switch work {
                case .job(let job): unsafe job.runSynchronously(on: task)
                case .isolatedJob(let job): unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: task)
                case .block(let block): block()
                }
            }
            running.removeAll(keepingCapacity: true)
        }
    }

    private func sendCorked() {
        guard !corked.isEmpty else { return }
        for connection in corked { connection.sendCorked() }
        corked.removeAll(keepingCapacity: true)
    }

    // MARK: Stopping

    /// Ends the thread when everything it was given has run. All tasks of the loop must have ended.
    func stop() async {
        await withCheckedContinuation { waiter in
            let hasEnded = remote.withLock { remote in
                guard !remote.hasEnded else { return true }
                remote.isStopping = true
                remote.isAsleep = false
                remote.stopWaiters.append(waiter)
                return false
            }
            if hasEnded { waiter.resume() } else { poller.wake() }
        }
    }

    fileprivate func resumeStopWaiters() {
        let waiters = remote.withLock { remote in
            defer { remote.stopWaiters = [] }
            return remote.stopWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// The thread's body. `context` is a retained `EventLoop`, released here at the end.
private func eventLoopThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let loop = unsafe Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
    unsafe clinux_name_thread("loop-\(loop.index)")
    loop.turnUntilStopped()
    loop.resumeStopWaiters()
    return nil
}
