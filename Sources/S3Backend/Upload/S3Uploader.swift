public import Bytes
public import StreamingCore
import Synchronization

/// Brings finished segments to the bucket, behind the back of whoever makes them.
///
/// Nobody waits for an upload. While the store is away, what is finished waits, at most ``Limits/countMax`` uploads of
/// together ``Limits/bytesMax``; beyond that the oldest is given up, counted and told. An upload is tried again for as
/// long as it takes. At shutdown what waits is given ``Limits/drainMilliseconds`` to get there.
public final class S3Uploader: Service, SegmentArchive {
    /// Bounds of an uploader.
    public struct Limits: Sendable {
        /// Uploads that are not done.
        public var countMax: Int
        /// Their bytes: they stay in memory until they are stored.
        public var bytesMax: Int
        /// Uploads at the same time, at most as many as there are connections.
        public var uploadsAtOnce: Int
        /// How long ``S3Uploader/run()`` goes on when it is cancelled, in milliseconds.
        public var drainMilliseconds: Int64

        /// The defaults hold 20 streams of 6 Mbit/s for 25 s of which the store is away, or one for 8 minutes.
        public init(
            countMax: Int = 10_000, bytesMax: Int = 384 << 20, uploadsAtOnce: Int = 6, drainMilliseconds: Int64 = 10_000
        ) {
            self.countMax = countMax
            self.bytesMax = bytesMax
            self.uploadsAtOnce = uploadsAtOnce
            self.drainMilliseconds = drainMilliseconds
        }
    }

    private struct State {
        var queue: UploadQueue
        var isDraining = false
        /// Whether the bucket is known to be there.
        var isPrepared = false
        var waiters: [(id: UInt64, stream: StreamID, continuation: CheckedContinuation<Void, Never>)] = []
        var nextWaiter: UInt64 = 0
        /// Why the last attempt failed; `nil` while the store takes what it gets.
        var lastFailure: S3Failure?

        /// Those who wait for streams of which nothing is on its way any more.
        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            let done = waiters.filter { queue.isEmpty(of: $0.stream) }
            waiters.removeAll { waiter in done.contains { $0.id == waiter.id } }
            return done.map(\.continuation)
        }
    }

    /// In logs.
    public let name = "S3 upload"
    private let store: S3SegmentStore
    private let limits: Limits
    private let retentionDays: Int?
    private let logger: Logger?
    private let clock: any WallClock
    private let onLoss: @Sendable (SegmentName) -> Void
    private let losses = LogThrottle(linesPerSecondMax: 1)
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - retentionDays: How long the bucket is to keep objects; `nil` leaves it to the bucket.
    ///   - onLoss: Is told each name that never gets there, from any thread, and must not wait.
    public init(
        _ store: S3SegmentStore, limits: Limits = Limits(), retentionDays: Int? = 30, logger: Logger? = nil,
        clock: any WallClock = SystemWallClock(), onLoss: @escaping @Sendable (SegmentName) -> Void = { _ in }
    ) {
        self.store = store
        self.limits = limits
        self.retentionDays = retentionDays
        self.logger = logger
        self.clock = clock
        self.onLoss = onLoss
        state = Mutex(
            State(
                queue: UploadQueue(
                    countMax: limits.countMax, bytesMax: limits.bytesMax, uploadsAtOnce: limits.uploadsAtOnce)))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What the uploader did and holds.
    public var counters: S3UploadCounters { state.withLock { $0.queue.counters } }

    /// Checks that the store takes what it gets.
    ///
    /// - Throws: Why it does not, as long as that lasts.
    public func check() throws(StreamError) {
        if let failure = state.withLock({ $0.lastFailure }) { throw failure.streamError("upload") }
    }

    /// Has an object uploaded, in place of one of the same name. Never waits.
    public func upload(_ buffers: [Bytes], under name: SegmentName) {
        let (lost, waiters) = state.withLock { state in
            let lost = state.queue.append(buffers, under: name)
            return (lost, lost.isEmpty ? [] : state.takeWaiters())
        }
        wake.yield()
        for waiter in waiters { waiter.resume() }
        if !lost.isEmpty { tellLoss(lost, "no room while the store is away") }
    }

    /// Waits until nothing of a stream is on its way any more, stored or lost, or the task is cancelled.
    public func finishUploads(of stream: StreamID) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if Task.isCancelled || state.queue.isEmpty(of: stream) { return true }
                    state.waiters.append((id, stream, continuation))
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume()
        }
    }

    public func names(of stream: StreamID, countMax: Int) async throws(StreamError) -> Set<String> {
        try await store.names(of: stream, countMax: countMax)
    }

    public func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? { try await store.get(name) }

    /// Uploads until cancelled, then what waits as far as the drain time goes. To be run once.
    public func run() async {
        // No child: the cancellation of this task is to begin the drain, not to end the uploads.
        let work = Task { await self.work() }
        await untilCancelled()
        state.withLock { $0.isDraining = true }
        wake.yield()
        let limit = Task {
            try? await Task.sleep(for: .milliseconds(limits.drainMilliseconds))
            work.cancel()
        }
        await work.value
        limit.cancel()
        let left = state.withLock { $0.queue.pendingNames }
        if !left.isEmpty { tellLoss(left, "the process ends") }
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume() }
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            // The end of the pause that is slept out already: not every wake is to add a sleeper.
            var awaited: ContinuousClock.Instant?
            for await _ in wakes {
                var step = step()
                while case .begin(let upload) = step {
                    group.addTask { await self.transfer(upload) }
                    step = self.step()
                }
                if state.withLock({ $0.isDraining && $0.queue.isEmpty }) { break }
                if case .wait(let until) = step, until != awaited {
                    awaited = until
                    group.addTask {
                        // Cancelled only with all the rest.
                        try? await Task.sleep(until: until, clock: .continuous)
                        self.wake.yield()
                    }
                }
            }
        }
    }

    private func step() -> UploadQueue.Step { state.withLock { $0.queue.next(at: .now) } }

    private func transfer(_ upload: UploadQueue.Upload) async {
        var failure: S3Failure?
        do throws(S3Failure) {
            if !state.withLock({ $0.isPrepared }) {
                // The queue lets one upload alone try this.
                try await store.prepareBucket(retentionDays: retentionDays, within: .single)
                state.withLock { $0.isPrepared = true }
            }
            try await store.client.put(upload.buffers, under: S3ObjectKey(upload.name), within: .single)
        } catch {
            failure = error
        }
        settle(upload, failure)
        wake.yield()
    }

    private func settle(_ upload: UploadQueue.Upload, _ failure: S3Failure?) {
        let isLost = failure?.concernsObjectOnly ?? false
        let random = UInt64.random(in: .min ... .max)
        let (before, waiters) = state.withLock { state in
            let before = state.lastFailure
            if failure == nil {
                state.queue.stored(upload)
            } else if isLost {
                state.queue.refused(upload)
            } else {
                state.queue.failed(upload, at: .now, random: random)
                // Maybe the bucket is gone.
                if case .refused(404, _) = failure { state.isPrepared = false }
            }
            if !isLost { state.lastFailure = failure }
            return (before, state.takeWaiters())
        }
        for waiter in waiters { waiter.resume() }
        if let failure, isLost {
            tellLoss([upload.name], "\(failure.streamError("upload"))")
        } else if let failure, before == nil {
            // One line when it begins to fail and one when it works again, not one for each attempt.
            logger?.warning("segments cannot be uploaded", ["error": LogValue(failure.streamError("upload"))])
        } else if failure == nil, before != nil {
            logger?.info("segments are uploaded again")
        }
    }

    private func tellLoss(_ names: [SegmentName], _ reason: String) {
        for name in names { onLoss(name) }
        guard let hidden = losses.admit(at: clock.now()) else { return }
        logger?.error(
            "segments are not uploaded",
            [
                "segment.count": LogValue(names.count), "segment.first": LogValue(names.first?.path ?? ""),
                "stream.id": LogValue(names.first?.stream.description ?? ""), "reason": LogValue(reason),
                "log.hidden": LogValue(hidden),
            ])
    }
}
