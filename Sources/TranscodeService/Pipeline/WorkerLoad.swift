import Codecs
import StreamingCore
import Synchronization

/// How busy this worker is with each of its streams, and whether one more fits.
///
/// Streams count what they see of their own work. Encoders have more threads than that; so the sum is held against
/// what the process has used, and the larger of the two is believed.
final class WorkerLoad: Sendable {
    /// How many samples of luma a core encodes in a second, about, with the default preset: what a stream is taken to
    /// need until it was measured.
    static let samplesPerCore = 70_000_000.0
    /// How long the process is measured for, at least.
    private static let sampleDuration = Duration.seconds(2)

    private struct State {
        var cores: [StreamID: Double] = [:]
        var sample = (at: ContinuousClock.now, nanoseconds: ProcessorTime.nanoseconds())
        var processCores = 0.0

        var seen: Double { cores.values.reduce(0, +) }
        var all: Double { max(seen, processCores) }
    }

    private let state = Mutex(State())
    private let streamsMax: Int?
    /// How many cores transcoding may keep busy.
    let coresMax: Double

    init(streamsMax: Int?, coresMax: Double) {
        self.streamsMax = streamsMax
        self.coresMax = coresMax
    }

    func measured(_ cores: Double, of stream: StreamID) {
        state.withLock { state in
            state.cores[stream] = cores
            let elapsed = ContinuousClock.now - state.sample.at
            guard elapsed >= Self.sampleDuration else { return }
            let now = ProcessorTime.nanoseconds()
            state.processCores = Double(now - state.sample.nanoseconds) / 1e9 / (elapsed / .seconds(1))
            state.sample = (.now, now)
        }
    }

    func forget(_ stream: StreamID) { state.withLock { _ = $0.cores.removeValue(forKey: stream) } }

    /// How busy all streams together keep the worker, in percent of what it may use.
    var busyPercent: Int? {
        let all = state.withLock { $0.all }
        return coresMax > 0 ? Int(min(all * 100 / coresMax, 1000)) : nil
    }

    /// By how much more a stream keeps the worker busy than it sees itself, at least 1.
    var unseenFactor: Double { state.withLock { $0.seen > 0 ? $0.all / $0.seen : 1 } }

    /// Why a stream cannot be transcoded here; `nil` when it can, and is counted from now on.
    ///
    /// - Parameter samplesPerSecond: Of luma, to be encoded.
    func refusal(of stream: StreamID, samplesPerSecond: Double) -> String? {
        state.withLock { state in
            guard state.cores[stream] == nil else { return nil }
            let unseen = state.cores.isEmpty ? [] : state.cores.values.map { $0 * state.all / max(state.seen, 0.001) }
            switch StreamAdmission.admit(currentLoads: unseen, streamsMax: streamsMax, loadMax: coresMax) {
            case .accepted:
                state.cores[stream] = samplesPerSecond / Self.samplesPerCore
                return nil
            case .refused(let reason): return reason
            }
        }
    }
}
