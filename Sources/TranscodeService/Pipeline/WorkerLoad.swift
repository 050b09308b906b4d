import StreamingCore
import Synchronization

/// How busy this worker is with each of its streams, and whether one more fits.
final class WorkerLoad: Sendable {
    /// What a stream is taken to need until it was measured, in cores: a copy and two rungs of 1080p.
    static let unmeasuredCores = 0.5

    private let cores = Mutex<[StreamID: Double]>([:])
    private let streamsMax: Int?
    /// How many cores transcoding may keep busy.
    let coresMax: Double

    init(streamsMax: Int?, coresMax: Double) {
        self.streamsMax = streamsMax
        self.coresMax = coresMax
    }

    func measured(_ cores: Double, of stream: StreamID) { self.cores.withLock { $0[stream] = cores } }

    func forget(_ stream: StreamID) { cores.withLock { _ = $0.removeValue(forKey: stream) } }

    /// How busy all streams together keep the worker, in percent of what it may use.
    var busyPercent: Int? {
        let sum = cores.withLock { $0.values.reduce(0, +) }
        return coresMax > 0 ? Int(min(sum * 100 / coresMax, 1000)) : nil
    }

    /// Why a stream cannot be transcoded here; `nil` when it can, and is counted from now on.
    func refusal(of stream: StreamID) -> String? {
        cores.withLock { cores in
            guard cores[stream] == nil else { return nil }
            switch StreamAdmission.admit(
                currentLoads: Array(cores.values), streamsMax: streamsMax, loadMax: coresMax)
            {
            case .accepted:
                cores[stream] = Self.unmeasuredCores
                return nil
            case .refused(let reason): return reason
            }
        }
    }
}
