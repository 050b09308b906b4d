import StreamingCore
import Synchronization

/// Which streams the database is being asked for: a bounded number at a time, and after a failure not at once again.
final class LookupQueue: Sendable {
    /// How long a failed question waits to be asked again, in milliseconds.
    static let pauseMilliseconds: Int64 = 5000
    /// Failures that are remembered; beyond, all are asked again.
    static let failuresMax = 10_000

    private struct State {
        var underWay: Set<StreamID> = []
        var pausedUntil: [StreamID: WallTime] = [:]
    }

    private let max: Int
    private let clock: any WallClock
    private let state = Mutex(State())

    init(max: Int, clock: any WallClock) {
        self.max = max
        self.clock = clock
    }

    /// Those of `wanted` to ask for now; they count as asked for.
    func next(of wanted: some Sequence<StreamID>) -> [StreamID] {
        let now = clock.now()
        return state.withLock { state in
            var chosen: [StreamID] = []
            for stream in wanted {
                guard state.underWay.count < max else { break }
                guard !state.underWay.contains(stream), state.pausedUntil[stream].map({ $0 <= now }) ?? true else {
                    continue
                }
                state.underWay.insert(stream)
                chosen.append(stream)
            }
            return chosen
        }
    }

    func ended(_ stream: StreamID, again time: WallTime?) {
        state.withLock { state in
            state.underWay.remove(stream)
            if state.pausedUntil.count >= Self.failuresMax { state.pausedUntil = [:] }
            state.pausedUntil[stream] = time
        }
    }
}
