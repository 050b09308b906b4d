/// Decides whether a worker takes one more stream to transcode.
///
/// What is refused is passed on as it is, so that a full worker serves those whom it serves already.
enum StreamAdmission: Sendable, Hashable {
    case accepted
    /// A sentence for logs and for who runs the encoder, without a full stop.
    case refused(reason: String)

    /// - Parameters:
    ///   - currentLoads: What each stream of the worker needs, in any unit: cores, or shares of the worker.
    ///   - streamsMax: The most streams; `nil` leaves it to the load.
    ///   - loadMax: How large the sum of the loads may be, in the same unit, for another stream to be taken.
    static func admit(currentLoads: [Double], streamsMax: Int?, loadMax: Double) -> StreamAdmission {
        if let streamsMax, currentLoads.count >= streamsMax {
            return .refused(
                reason: "this worker transcodes \(currentLoads.count) streams, and \(streamsMax) at the most")
        }
        // A measurement that went wrong must not open the door: it counts as a full worker.
        let load = currentLoads.reduce(0) { $0 + ($1.isFinite ? max($1, 0) : loadMax) }
        // The first stream is always taken: where nothing runs, no load is of our making.
        guard currentLoads.isEmpty || load < loadMax else {
            return .refused(
                reason: "this worker has a load of \(hundredths(load)), and \(hundredths(loadMax)) at the most")
        }
        return .accepted
    }

    private static func hundredths(_ value: Double) -> String {
        let hundredths = Int(min(max(value * 100, 0), 1e9))
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
