import Bytes
import Media
import Packaging

/// How fast playlists are rendered from a window of ten minutes of two-second segments with a separate audio rendition.
///
/// The server renders each of them once per new segment and not per viewer.
func measurePlaylists() async throws {
    let window = try sampleWindow(segments: 300)
    try await measure("HLS master playlist") { MasterPlaylist.render(window) }
    try await measure("HLS media playlist, 300 segments") { MediaPlaylist.render(window, rendition: "source") }
    try await measure("DASH manifest, 2 x 300 segments") { DASHManifest.render(window) }
}

private func measure(_ name: String, _ render: () -> Bytes?) async throws {
    let rounds = 10
    let length = render()?.count ?? 0
    try await Measurement.measure(name, detail: "\(length) bytes") {
        for _ in 0..<rounds { try BenchmarkFailure.check(name, render()?.count ?? 0, is: length) }
        return .times(rounds)
    }
}

/// A window as it stands when a broadcast has run for ten minutes and more.
func sampleWindow(segments: Int) throws -> LiveWindow {
    var window = LiveWindow()
    for event in try sampleEvents(sizes: Array(repeating: 1_500_000, count: segments)) { _ = window.apply(event) }
    try BenchmarkFailure.check(
        "listed segments", window.renditions.reduce(0) { $0 + $1.entries.count }, is: segments * 2)
    return window
}

/// The timeline of a broadcast of two-second segments, whose numbers begin at 1.
///
/// - Parameter sizes: The length of each video segment in bytes.
func sampleEvents(sizes: [Int]) throws -> [TimelineEvent] {
    let broadcast = try SampleBroadcast(seconds: 0)
    let renditions = [
        Rendition(name: "source", epoch: 1, track: broadcast.video),
        Rendition(name: "audio", epoch: 1, track: broadcast.audio),
    ]
    var events: [TimelineEvent] = [
        .began(
            BroadcastOrigin(unixMilliseconds: 1_760_000_000_000, firstSegmentNumber: 1, firstDiscontinuitySequence: 0)),
        .run(Run(number: 1, discontinuitySequence: 0, ordinal: 0, startMilliseconds: 0, renditions: renditions)),
        .targets(Targets(durationSeconds: 2, partMilliseconds: 333)),
    ]
    for (index, size) in sizes.enumerated() {
        events.append(
            .segment(
                Segment(
                    rendition: "source", number: Int64(index + 1), run: 1, timescale: 90_000,
                    start: Int64(index) * 180_000, duration: 180_000, byteCount: size, frameCount: 60, partCount: 7)))
        // Audio is cut at its first frame that is not before the boundary: 93 and 94 frames in turn.
        let (first, next) = (audioFrame(at: index), audioFrame(at: index + 1))
        events.append(
            .segment(
                Segment(
                    rendition: "audio", number: Int64(index + 1), run: 1, timescale: 48_000, start: first * 1024,
                    duration: (next - first) * 1024, byteCount: Int(next - first) * 341, frameCount: Int(next - first),
                    partCount: 7)))
    }
    return events
}

private func audioFrame(at boundary: Int) -> Int64 { (Int64(boundary) * 96_000 + 1023) / 1024 }
