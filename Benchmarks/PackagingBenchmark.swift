import Bytes
import Media
import Packaging

/// How fast frames become CMAF parts and segments, with all their timeline events.
func measurePackaging() async throws {
    let seconds = 20
    let broadcast = try SampleBroadcast(seconds: seconds)
    try await Measurement.measure("CMAF mux, 6 Mbit/s and AAC", detail: "2 s segments, 333 ms parts") {
        var packager = Packager()
        var segments = 0
        func count(_ outputs: [PackagerOutput]) {
            for output in outputs { if case .announce(.segment) = output { segments += 1 } }
        }
        count(
            packager.append(
                .began(BroadcastOrigin(unixMilliseconds: 0, firstSegmentNumber: 0, firstDiscontinuitySequence: 0))))
        for frame in broadcast.frames { count(packager.append(.frame(frame))) }
        count(packager.append(.ended))
        try BenchmarkFailure.check("segments", segments, is: seconds / 2 * 2)
        return .bytes(broadcast.payloadBytes)
    }
}
