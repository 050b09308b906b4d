import Synchronization

/// Bounds how many lines a second are written about something that strangers can cause.
public final class LogThrottle: Sendable {
    private struct State {
        var second: Int64 = .min
        var written = 0
        var hidden = 0
    }

    private let linesPerSecondMax: Int
    private let state = Mutex(State())

    /// - Parameter linesPerSecondMax: 1 or more.
    public init(linesPerSecondMax: Int) { self.linesPerSecondMax = linesPerSecondMax }

    /// Asks for a line.
    ///
    /// - Returns: How many lines were hidden since the last one that was written; `nil` when this one is to be hidden
    /// too.
    public func admit(at now: WallTime) -> Int? {
        state.withLock { state in
            let second = now.unixMilliseconds / 1000
            if second != state.second {
                state.second = second
                state.written = 0
            }
            guard state.written < linesPerSecondMax else {
                state.hidden += 1
                return nil
            }
            state.written += 1
            defer { state.hidden = 0 }
            return state.hidden
        }
    }
}
