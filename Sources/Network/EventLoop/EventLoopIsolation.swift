/// The face of an event loop that actors name as their executor.
///
/// It is apart from the `TaskExecutor` that the loop itself is, because the runtime treats their jobs differently: a
/// job that runs as a serial executor's is isolated to it, and would leave and enter the loop again around every call
/// of nonisolated code. Connections are nonisolated tasks that only prefer the loop; for them nothing is ever left.
///
/// `@unchecked Sendable`: `loop` is set once, by the loop's initialiser, before anybody else can see either object.
public final class EventLoopIsolation: SerialExecutor, @unchecked Sendable {
    /// Unowned, because the loop owns this; an actor keeps its loop alive by a reference of its own.
    unowned var loop: EventLoop?

    public func enqueue(_ job: consuming ExecutorJob) {
        let work = EventLoop.Work.isolatedJob(UnownedJob(job))
        guard let loop else { preconditionFailure("an executor got a job before its event loop was made") }
        loop.submit(work)
    }

    public func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "this must run on the actor's event loop")
    }

    public func isIsolatingCurrentContext() -> Bool? { loop?.isCurrent }
}
