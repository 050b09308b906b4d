import Dispatch
import Glibc

/// Waits for SIGTERM, SIGINT or SIGHUP, and sees to it that a peer's closed connection never kills the process
/// (SIGPIPE).
public final class TerminationSignals: Sendable {
    private let latch = Latch()
    /// Kept only so that they live. `nonisolated(unsafe)`: nobody touches them after `init`.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// From here on the signals no longer end the process by themselves. A second SIGINT does: who presses Ctrl-C again
    /// does not want to wait. A second SIGTERM does not, because supervisors send it to a process and to its group.
    public init() {
        signal(SIGPIPE, SIG_IGN)
        let latch = latch
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if number == SIGINT { signal(number, SIG_DFL) }
                latch.open()
            }
            source.resume()
            return source
        }
    }

    /// Returns when one of the signals came.
    public func wait() async { await latch.wait() }
}
