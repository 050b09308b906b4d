import Media
import Packaging

/// Makes windows by hand, so that a golden text shows what it comes from.
struct WindowScript {
    var window: LiveWindow
    private var runCount = 0
    private(set) var removed: [String] = []

    static let video = Rendition(name: "source", epoch: 17, track: Tracks.video)
    static let audio = Rendition(name: "audio", epoch: 17, track: Tracks.audio)
    static let high = Rendition(name: "720p", epoch: 17, track: Tracks.video)
    static let low = Rendition(name: "480p", epoch: 17, track: Tracks.video)

    /// A broadcast that began at 2026-01-31T12:00:00.250Z.
    init(_ configuration: LiveWindow.Configuration = .init()) {
        window = LiveWindow(configuration)
        apply(
            .began(
                BroadcastOrigin(
                    unixMilliseconds: 1_769_860_800_250, firstSegmentNumber: 17, firstDiscontinuitySequence: 5)))
    }

    mutating func apply(_ event: TimelineEvent) { removed += window.apply(event) }

    mutating func run(
        _ number: Int64, discontinuity: Int = 5, at milliseconds: Int64 = 0, _ renditions: [Rendition] = [video, audio]
    ) {
        apply(
            .run(
                Run(
                    number: number, discontinuitySequence: discontinuity, ordinal: runCount,
                    startMilliseconds: milliseconds,
                    renditions: renditions)))
        runCount += 1
        apply(.targets(Targets(durationSeconds: 2, partMilliseconds: 334)))
    }

    /// Finished segments of two seconds in every rendition, the first of which starts at `seconds`.
    mutating func segments(
        _ numbers: ClosedRange<Int64>, run: Int64, from seconds: Int64, of renditions: [Rendition] = [video, audio],
        bytes: Int = 250_000
    ) {
        for number in numbers {
            let start = seconds + (number - numbers.lowerBound) * 2
            for rendition in renditions {
                let isVideo = rendition.kind == .video
                let scale = Int64(rendition.timescale)
                apply(
                    .segment(
                        Segment(
                            rendition: rendition.name, number: number, run: run, timescale: rendition.timescale,
                            start: start * scale, duration: isVideo ? 2 * scale : 94 * 1024,
                            byteCount: isVideo ? bytes : bytes / 10, frameCount: isVideo ? 50 : 94, partCount: 2,
                            keyframeByteCount: isVideo ? bytes / 4 : 0)))
            }
        }
    }

    /// Parts of a segment that starts at `seconds`; they last a third of a second, and six of them make a segment.
    ///
    /// - Parameter last: The number of the one that says that it ends the segment.
    mutating func parts(
        _ parts: ClosedRange<Int>, of number: Int64, from seconds: Int64, of renditions: [Rendition] = [video, audio],
        last: Int? = nil
    ) {
        for part in parts {
            for rendition in renditions {
                let isVideo = rendition.kind == .video
                apply(
                    .part(
                        Part(
                            rendition: rendition.name, segmentNumber: number, number: part,
                            timescale: rendition.timescale,
                            start: seconds * Int64(rendition.timescale) + Int64(part * (isVideo ? 30_000 : 15 * 1024)),
                            duration: isVideo ? 30_000 : 15 * 1024, byteCount: 10_000,
                            isIndependent: !isVideo || part == 0, endsSegment: part == last)))
            }
        }
    }

    /// Segments with all their parts, as a packager announces them.
    mutating func broadcast(
        _ numbers: ClosedRange<Int64>, run: Int64, from seconds: Int64, of renditions: [Rendition] = [video, audio]
    ) {
        for number in numbers {
            let start = seconds + (number - numbers.lowerBound) * 2
            parts(0...5, of: number, from: start, of: renditions)
            segment(number, run: run, from: start, of: renditions)
        }
    }

    /// A finished segment with six parts.
    mutating func segment(
        _ number: Int64, run: Int64, from seconds: Int64, of renditions: [Rendition] = [video, audio],
        isGap: Bool = false
    ) {
        for rendition in renditions {
            let isVideo = rendition.kind == .video
            let scale = Int64(rendition.timescale)
            apply(
                .segment(
                    Segment(
                        rendition: rendition.name, number: number, run: run, timescale: rendition.timescale,
                        start: seconds * scale, duration: isVideo || isGap ? 2 * scale : 90 * 1024,
                        byteCount: isGap ? 0 : 60_000, frameCount: isGap ? 0 : isVideo ? 50 : 90,
                        partCount: isGap ? 0 : 6, keyframeByteCount: isVideo && !isGap ? 9_000 : 0, isGap: isGap)))
        }
    }
}
