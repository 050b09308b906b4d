internal import CHiredis
import Glibc

/// Ends the wait of a connection's thread, from any other thread.
final class WakeUp: Sendable {
    let descriptor: Int32

    init() {
        descriptor = sluice_redis_eventfd()
        precondition(descriptor >= 0, "an eventfd cannot be made: errno \(errno)")
    }

    deinit { close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        // It cannot fail before 2^64 signals were not cleared.
        _ = unsafe write(descriptor, &one, 8)
    }

    func clear() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
    }

    /// Blocks until signalled or until the time has come.
    func wait(until deadline: ContinuousClock.Instant) {
        var descriptors = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        if unsafe poll(&descriptors, 1, Self.pollMilliseconds(until: deadline)) > 0 { clear() }
    }

    /// The remaining time in the unit of `poll`, rounded up, so that nobody wakes just before the time has come.
    static func pollMilliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let (seconds, attoseconds) = max(.zero, deadline - .now).components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: milliseconds)
    }
}
