import Bytes
import Media
import Packaging

/// Timeline events by hand, and the recording that they make.
struct RecordingScript {
    var recording = Recording()
    private(set) var events: [TimelineEvent] = []
    private var current: Run?
    private var runCount = 0

    /// A broadcast that began at 2026-01-31T12:00:00.250Z.
    init() {
        apply(
            .began(
                BroadcastOrigin(
                    unixMilliseconds: 1_769_860_800_250, firstSegmentNumber: 17, firstDiscontinuitySequence: 5)))
    }

    var documents: [String: String] { recording.documents }

    mutating func apply(_ event: TimelineEvent) {
        events.append(event)
        recording.apply(event)
    }

    mutating func run(
        _ number: Int64, discontinuity: Int = 5, at milliseconds: Int64 = 0, _ renditions: [Rendition]
    ) {
        let run = Run(
            number: number, discontinuitySequence: discontinuity, ordinal: runCount, startMilliseconds: milliseconds,
            renditions: renditions)
        runCount += 1
        current = run
        apply(.run(run))
        apply(.targets(Targets(durationSeconds: 2, partMilliseconds: 334)))
    }

    /// Finished segments of two seconds in every rendition of the run, the first of which starts at `seconds`.
    mutating func segments(_ numbers: ClosedRange<Int64>, from seconds: Int64, bytes: Int = 250_000) {
        guard let current else { return }
        for number in numbers {
            let start = seconds + (number - numbers.lowerBound) * 2
            for rendition in current.renditions {
                let isVideo = rendition.kind == .video
                let scale = Int64(rendition.timescale)
                let size = rendition.name == "480p" ? bytes / 3 : bytes
                apply(
                    .segment(
                        Segment(
                            rendition: rendition.name, number: number, run: current.number,
                            timescale: rendition.timescale, start: start * scale,
                            duration: isVideo ? 2 * scale : 94 * 1024, byteCount: isVideo ? size : bytes / 10,
                            frameCount: isVideo ? 50 : 94, partCount: 2, keyframeByteCount: isVideo ? size / 4 : 0)))
            }
        }
    }
}

extension Recording {
    /// By name, as text.
    var documents: [String: String] {
        Dictionary(
            uniqueKeysWithValues: (RecordingPlaylists.render(self)?.documents ?? []).map { ($0.name, $0.bytes.string) })
    }
}

extension Studio {
    /// What a recorder makes of everything that was announced.
    var recording: Recording {
        var recording = Recording()
        for event in events { recording.apply(event) }
        return recording
    }
}
