import Bytes
import Codecs
import Media
import Packaging
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import TranscodeService

@Suite(.serialized, .timeLimit(.minutes(3))) struct StreamTranscoderTests {
    static let rungs = [
        Rung(name: "360p", height: 360, bitRate: 800_000), Rung(name: "240p", height: 240, bitRate: 400_000),
        Rung(name: "180p", height: 180, bitRate: 200_000),
    ]

    /// What a stream made.
    struct Made {
        var events: [TimelineEvent] = []
        var stored: [String: Int] = [:]
        var checkpoints: [(position: Int64, state: LadderCheckpoint)] = []
        var reports: [LadderReport] = []

        func segments(_ name: String) -> [Segment] {
            events.compactMap { event in
                guard case .segment(let segment) = event, segment.rendition == name else { return nil }
                return segment
            }
        }

        var runs: [Run] {
            events.compactMap { event in
                guard case .run(let run) = event else { return nil }
                return run
            }
        }
    }

    private func transcode(
        _ entries: [BroadcastEntry], policy: CopyPolicy = .auto, rungs: [Rung] = rungs,
        resuming checkpoint: LadderCheckpoint? = nil
    ) async throws -> Made {
        let made = Mutex(Made())
        let transcoder = transcoder(
            policy, rungs, resuming: checkpoint,
            passed: { position, checkpoint in
                guard let checkpoint else { return }
                made.withLock { $0.checkpoints.append((position, checkpoint)) }
            },
            announce: { kind in
                guard case .renditionsChanged(let report) = kind else { return }
                made.withLock { $0.reports.append(report) }
            },
            carryOut: { output in
                made.withLock { made in
                    switch output {
                    case .store(let object): made.stored[object.name] = object.byteCount
                    case .announce(let event): made.events.append(event)
                    }
                }
            })
        await transcoder.run(ClipReader(entries)) { rungs }
        return made.withLock { $0 }
    }

    private func transcoder(
        _ policy: CopyPolicy, _ rungs: [Rung], resuming checkpoint: LadderCheckpoint?,
        passed: @escaping @Sendable (Int64, LadderCheckpoint?) async -> Void = { _, _ in },
        announce: @escaping @Sendable (StreamEvent.Kind) async -> Void = { _ in },
        carryOut: @escaping @Sendable (PackagerOutput) async -> Void
    ) -> StreamTranscoder {
        let configuration = LadderConfiguration(
            rungs: rungs, copyPolicy: policy, encoder: "libx264", preset: "ultrafast", lagMilliseconds: 10_000_000,
            thumbnailMilliseconds: 4000)
        return StreamTranscoder(
            configuration, resuming: checkpoint, encoder: .libx264, packaging: Packager.Configuration(),
            stream: StreamID(at: WallTime(unixMilliseconds: 1)), load: WorkerLoad(streamsMax: nil, coresMax: 2),
            clock: ManualClock(), logger: Logger(service: "test", level: .error),
            outlets: StreamTranscoder.Outlets(carryOut: carryOut, passed: passed, announce: announce))
    }

    /// Every segment number begins at the same time in all video renditions, with a key frame.
    private func expectAligned(_ made: Made, _ names: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        let first = made.segments(names[0])
        #expect(first.count > 2, sourceLocation: sourceLocation)
        for name in names.dropFirst() {
            let other = made.segments(name)
            #expect(other.map(\.number) == first.map(\.number), "\(name)", sourceLocation: sourceLocation)
            #expect(other.map(\.start) == first.map(\.start), "\(name)", sourceLocation: sourceLocation)
        }
        for name in names {
            #expect(
                made.segments(name).allSatisfy { $0.isIndependent && !$0.isGap }, "\(name)",
                sourceLocation: sourceLocation)
        }
    }

    @Test func `a fit source is copied and the rungs below it are cut where it is`() async throws {
        let made = try await transcode(try await SourceClip.make().entries)
        expectAligned(made, ["360p", "240p", "180p"])
        #expect(made.runs.count == 1)
        let report = try #require(made.reports.last)
        #expect(report.renditions.map(\.name) == ["360p", "240p", "180p", "audio"])
        #expect(report.renditions[0].mode == .copy)
        #expect(report.copyRefusal == nil)
        #expect(made.segments("360p").reduce(0) { $0 + $1.frameCount } == 250)
        #expect(made.segments("180p").reduce(0) { $0 + $1.frameCount } == 250)
        #expect(made.stored.keys.filter { $0.hasPrefix("thumbnail-") }.count >= 2)
    }

    @Test func `key frames that are rare are not copied, and all rungs are cut on the grid`() async throws {
        let made = try await transcode(try await SourceClip.make(seconds: 14, keyframeInterval: 250).entries)
        expectAligned(made, ["360p", "240p", "180p"])
        #expect(made.runs.count == 1, "the decision falls before anything is made")
        for segment in made.segments("360p").dropLast() {
            let milliseconds = MediaTime(ticks: segment.duration, timescale: segment.timescale).milliseconds
            #expect((1950...2050).contains(milliseconds), "segment \(segment.number) lasts \(milliseconds) ms")
        }
        let report = try #require(made.reports.last)
        #expect(report.renditions[0].mode == .encode(encoder: "libx264"))
        #expect(report.copyRefusal?.contains("keyframe") == true)
    }

    @Test(arguments: [33, 60, 17]) func `any group of pictures gives aligned renditions`(interval: Int) async throws {
        let made = try await transcode(
            try await SourceClip.make(seconds: 12, framesPerSecond: 30, keyframeInterval: interval).entries)
        expectAligned(made, ["360p", "240p", "180p"])
    }

    @Test(arguments: [CopyPolicy.auto, .encode])
    func `a log that is transcoded again from the middle has the same timeline`(policy: CopyPolicy) async throws {
        let entries = try await SourceClip.make(seconds: 12).entries
        let whole = try await transcode(entries, policy: policy)
        #expect(whole.checkpoints.count > 3)
        let (begin, original) = whole.checkpoints[whole.checkpoints.count / 2]
        let checkpoint = try LadderCheckpoint(decoding: original.encoded)
        let rest = try await transcode(Array(entries[Int(begin)...]), policy: policy, resuming: checkpoint)
        let number = checkpoint.packager.segmentNumber
        for name in ["360p", "240p", "180p", "audio"] {
            let expected = whole.segments(name).filter { $0.number >= number }.map(Cut.init)
            #expect(rest.segments(name).map(Cut.init) == expected, "\(name)")
            #expect(expected.count > 1)
        }
        #expect(rest.runs.isEmpty, "the run goes on")
    }

    /// What a timeline says of a segment, without its bytes, which depend on what an encoder has seen before.
    struct Cut: Equatable {
        let number, start, duration, run: Int64
        let frames, parts: Int

        init(_ segment: Segment) {
            number = segment.number
            start = segment.start
            duration = segment.duration
            run = segment.run
            frames = segment.frameCount
            parts = segment.partCount
        }
    }

    @Test func `another resolution is another run behind a discontinuity`() async throws {
        let first = try await SourceClip.make(seconds: 6)
        let both = try await SourceClip.make(seconds: 6, size: "480x270", after: first)
        let made = try await transcode(both.entries)
        #expect(
            made.runs.map { $0.renditions.map(\.name) } == [
                ["360p", "240p", "180p", "audio"], ["360p", "240p", "180p", "audio"],
            ])
        #expect(Set(made.runs.map(\.discontinuitySequence)).count == 2)
        expectAligned(made, ["360p", "240p", "180p"])
        guard case .avc(let avc) = made.runs.last?.rendition(named: "360p")?.track.configuration else {
            Issue.record("no video")
            return
        }
        #expect(avc.size == PictureSize(width: 480, height: 270))
    }

    @Test func `what an encoder holds when its rung ends does not hold the others up`() async throws {
        // The log stays open: only more pictures can bring out what is inside.
        let entries = try await SourceClip.make(seconds: 10).entries.dropLast()
        let reader = ClipReader(Array(entries), staysOpen: true)
        let made = Mutex(0)
        let transcoder = transcoder(.auto, Self.rungs, resuming: nil) { output in
            guard case .announce(.segment(let segment)) = output, segment.rendition == "180p" else { return }
            made.withLock { $0 += 1 }
        }
        let work = Task { await transcoder.run(reader) { Self.rungs } }
        defer { reader.close() }
        try await eventually("segments come out while the log is open") { made.withLock { $0 } >= 4 }
        reader.close()
        await work.value
    }

    @Test func `the source goes on when every rung is shed`() async throws {
        let entries = try await SourceClip.make(seconds: 16).entries
        let half = entries.count / 2
        let reader = ClipReader(Array(entries[..<half]), staysOpen: true)
        let made = Mutex([Segment]())
        let transcoder = transcoder(.auto, Self.rungs, resuming: nil) { output in
            guard case .announce(.segment(let segment)) = output else { return }
            made.withLock { $0.append(segment) }
        }
        let work = Task { await transcoder.run(reader) { Self.rungs } }
        defer { reader.close() }
        let segments = { @Sendable (name: String) in made.withLock { $0.filter { $0.rendition == name } } }
        try await eventually("all renditions are made") { segments("180p").count >= 2 }
        transcoder.controls.order { $0.shed = ["240p", "180p"] }
        reader.add(Array(entries[half..<entries.count - 1]))
        try await eventually("the copy goes on") { segments("360p").count >= 7 }
        reader.close()
        await work.value
        #expect(segments("360p").allSatisfy { !$0.isGap })
        #expect(segments("180p").contains { $0.isGap })
        #expect(segments("180p").map(\.number) == segments("360p").map(\.number))
    }

    @Test func `a source of the lowest rung alone is not decoded for nothing`() async throws {
        let made = try await transcode(
            try await SourceClip.make(seconds: 6, size: "320x180").entries,
            rungs: [Rung(name: "180p", height: 180, bitRate: 1_200_000)])
        #expect(made.runs.map { $0.renditions.map(\.name) } == [["180p", "audio"]])
        #expect(made.reports.last?.renditions.first?.mode == .copy)
        #expect(made.segments("180p").count == 3)
    }
}

/// Entries that are all there already.
private final class ClipReader: FrameLogReader {
    private struct State {
        var batches: [FrameLogBatch]
        var isOpen: Bool
        var waiting: CheckedContinuation<Void, Never>?
    }

    let stream = StreamID(at: WallTime(unixMilliseconds: 1))
    let fence: Int64 = 1
    let checkpoint: FrameLogCheckpoint? = nil
    let wasTaken = false
    private let state: Mutex<State>

    /// - Parameters:
    ///   - staysOpen: Whether the log goes on behind the entries until it is closed.
    ///   - firstPosition: The place of the first entry in the log.
    init(_ entries: [BroadcastEntry], staysOpen: Bool = false, firstPosition: Int = 0) {
        let batches = stride(from: 0, to: entries.count, by: 50).reversed().map { start in
            FrameLogBatch(
                entries: Array(entries[start..<min(start + 50, entries.count)]),
                firstPosition: Int64(firstPosition + start))
        }
        state = Mutex(State(batches: batches, isOpen: staysOpen))
    }

    func commit(_ checkpoint: FrameLogCheckpoint) {}

    /// More entries of the log that has stayed open.
    func add(_ entries: [BroadcastEntry]) {
        let waiting = state.withLock { state in
            state.batches.insert(FrameLogBatch(entries: entries), at: 0)
            return state.waiting.take()
        }
        waiting?.resume()
    }

    func close() {
        let waiting = state.withLock { state in
            state.isOpen = false
            return state.waiting.take()
        }
        waiting?.resume()
    }

    func next() async -> FrameLogBatch? {
        while true {
            let (batch, isOpen) = state.withLock { ($0.batches.popLast(), $0.isOpen) }
            if batch != nil || !isOpen { return batch }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.isOpen, state.batches.isEmpty else { return false }
                    state.waiting = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }
}
