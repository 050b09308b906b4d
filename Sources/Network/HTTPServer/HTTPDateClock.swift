internal import Glibc
internal import HTTP

/// The present as HTTP writes it, rendered once a second. It belongs to one loop's thread.
final class HTTPDateClock {
    private var text = ""
    private var validUntil = LoopTime(nanoseconds: .min)

    /// - Parameter now: When the loop's turn began.
    func text(at now: LoopTime) -> String {
        if now >= validUntil {
            var wall = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &wall)
            text = HTTPDate.format(unixSeconds: wall.tv_sec)
            // A wall clock that is set back or forward is followed within the second.
            validUntil = now + Int64(1_000_000_000 - wall.tv_nsec)
        }
        return text
    }
}
