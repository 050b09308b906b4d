import Bytes
import Media
import Packaging
import Testing

@testable import DeliveryService

/// A window of the segments 17 to 19 with six parts each, and two parts of segment 20.
@Suite struct BlockingReloadTests {
    @Test(
        arguments: [
            // What is there.
            (0, nil, .contained), (18, nil, .contained), (19, nil, .contained), (19, 5, .contained),
            (20, 1, .contained),
            (18, 200, .contained),
            // A part behind the last one of a finished segment is the first one of the next.
            (19, 6, .contained), (19, 9, .contained),
            // What comes next.
            (20, nil, .hold(patienceMilliseconds: 4500)), (20, 2, .hold(patienceMilliseconds: 1200)),
            (20, 10, .hold(patienceMilliseconds: 1200)), (21, nil, .hold(patienceMilliseconds: 4500)),
            (21, 0, .hold(patienceMilliseconds: 1200)), (21, 8, .hold(patienceMilliseconds: 1200)),
            // What is too far ahead: nine parts are three seconds.
            (20, 11, .tooFarAhead), (21, 9, .tooFarAhead), (22, nil, .tooFarAhead), (22, 0, .tooFarAhead),
            (.max, .max, .tooFarAhead), (20, .max, .tooFarAhead),
        ] as [(Int64, Int?, BlockingReload.Decision)])
    func `a request is answered, held or refused by where the rendition stands`(
        sequence: Int64, part: Int?, decision: BlockingReload.Decision
    ) throws {
        let window = try SampleWindow.window(openParts: 2)
        let place = PlaylistPlace(sequence: sequence, part: part)
        #expect(BlockingReload.decide(on: place, of: "audio", in: window) == decision)
    }

    @Test(
        arguments: [
            (19, 6, .hold(patienceMilliseconds: 1200)), (20, 0, .hold(patienceMilliseconds: 1200)),
            (19, 14, .hold(patienceMilliseconds: 1200)), (19, 15, .tooFarAhead),
            (20, 8, .hold(patienceMilliseconds: 1200)),
            (20, 9, .tooFarAhead),
        ] as [(Int64, Int?, BlockingReload.Decision)])
    func `before the first part of a segment one asks for it by either name`(
        sequence: Int64, part: Int?, decision: BlockingReload.Decision
    ) throws {
        let window = try SampleWindow.window(openParts: 0)
        let place = PlaylistPlace(sequence: sequence, part: part)
        #expect(BlockingReload.decide(on: place, of: "audio", in: window) == decision)
    }

    /// Another process offered it while this one stood still: it is not refused.
    @Test(
        arguments: [
            (19, nil, .contained), (21, nil, .hold(patienceMilliseconds: 4500)),
            (26, nil, .hold(patienceMilliseconds: 4500)), (26, 0, .hold(patienceMilliseconds: 1200)),
            (24, 10, .hold(patienceMilliseconds: 1200)), (20, 10, .hold(patienceMilliseconds: 1200)),
            (27, nil, .tooFarAhead), (27, 0, .tooFarAhead), (24, 11, .tooFarAhead), (.max, .max, .tooFarAhead),
        ] as [(Int64, Int?, BlockingReload.Decision)])
    func `what may have been missed is held`(sequence: Int64, part: Int?, decision: BlockingReload.Decision) throws {
        let window = try SampleWindow.window(openParts: 2)
        let place = PlaylistPlace(sequence: sequence, part: part)
        #expect(BlockingReload.decide(on: place, of: "audio", in: window, missed: 5) == decision)
    }

    @Test func `nothing is waited for behind the end`() throws {
        var window = try SampleWindow.window(openParts: 2)
        _ = window.apply(.ended)
        let asked: [(Int64, BlockingReload.Decision)] = [(19, .contained), (21, .over), (.max, .over)]
        for (sequence, decision) in asked {
            let place = PlaylistPlace(sequence: sequence, part: nil)
            #expect(BlockingReload.decide(on: place, of: "audio", in: window) == decision)
        }
    }

    @Test func `a gap in the place of a segment is what one waited for`() throws {
        var window = try SampleWindow.window(openParts: 0)
        let gap = Segment(
            rendition: "audio", number: 20, run: 17, timescale: 48_000, start: 3 * 96_000, duration: 96_000,
            byteCount: 0, frameCount: 0, partCount: 0, isGap: true)
        _ = window.apply(.segment(gap))
        for part in [nil, 0, 3] {
            let place = PlaylistPlace(sequence: 20, part: part)
            #expect(BlockingReload.decide(on: place, of: "audio", in: window) == .contained)
        }
    }

    @Test func `an unknown rendition has no place to wait for`() throws {
        let window = try SampleWindow.window(openParts: 0)
        let place = PlaylistPlace(sequence: 20, part: 0)
        #expect(BlockingReload.decide(on: place, of: "1080p", in: window) == .unknown)
        #expect(BlockingReload.decide(on: place, of: "audio", in: LiveWindow()) == .unknown)
    }

    /// hls.js gives up after `min(10 s, max(3 x PART-TARGET, 0.8 x TARGETDURATION))` when it has named a part.
    @Test(arguments: [
        (2, 334, 1600, 1200, 4500, 9), (4, 334, 3200, 2400, 7500, 9), (6, 500, 4800, 3600, 7500, 6),
        (1, 1000, 3000, 2250, 2250, 3), (10, 5000, 10_000, 7500, 7500, 3), (1, 100, 800, 600, 2250, 30),
        (2, 999, 2997, 2247, 4500, 4), (2, 0, 1600, 1200, 4500, 3000),
    ])
    func `players get an answer before they give up`(
        duration: Int, part: Int, player: Int64, patience: Int64, segmentPatience: Int64, advance: Int
    ) {
        let targets = Targets(durationSeconds: duration, partMilliseconds: part)
        #expect(BlockingReload.playerMilliseconds(forPart: true, targets) == player)
        #expect(BlockingReload.patienceMilliseconds(forPart: true, targets) == patience)
        #expect(BlockingReload.patienceMilliseconds(forPart: false, targets) == segmentPatience)
        #expect(BlockingReload.advancePartLimit(targets) == advance)
        #expect(patience + DeliveryLimits.sweepMilliseconds < player)
        // And never longer than the specification allows.
        #expect(patience <= duration * 3000 && segmentPatience <= duration * 3000)
    }
}

@Suite struct SegmentProgressTests {
    @Test(
        arguments: [
            (17, 0, .made), (19, 5, .made), (19, 6, .absent), (20, 0, .made), (20, 1, .made), (16, 0, .unlisted),
            // What others may have told the player of: up to ten parts of this segment and the next two.
            (20, 2, .awaited), (20, 3, .awaited), (20, 9, .awaited), (21, 0, .awaited), (21, 9, .awaited),
            (22, 0, .awaited), (20, 10, .tooFarAhead), (21, 200, .tooFarAhead), (23, 0, .tooFarAhead),
            (.max, .max, .tooFarAhead),
        ] as [(Int64, Int, LiveWindow.PartProgress)])
    func `a part is there, may come, or never will`(
        sequence: Int64, part: Int, progress: LiveWindow.PartProgress
    ) throws {
        var window = try SampleWindow.window(openParts: 2)
        #expect(window.progress(of: "audio", at: PlaylistPlace(sequence: sequence, part: part)) == progress)
        #expect(window.progress(of: "1080p", at: PlaylistPlace(sequence: sequence, part: part)) == .unlisted)
        _ = window.apply(.ended)
        let after = window.progress(of: "audio", at: PlaylistPlace(sequence: sequence, part: part))
        let comes = progress == .awaited || progress == .tooFarAhead
        #expect(after == (comes ? .absent : progress), "nothing comes behind the end")
    }

    @Test func `behind the last part of a segment nothing is waited for but the next segment`() throws {
        var window = try SampleWindow.window(openParts: 2)
        var last = SampleWindow.part(2, of: 20)
        last.endsSegment = true
        _ = window.apply(.part(last))
        let progress = { (sequence: Int64, part: Int) in
            window.progress(of: "audio", at: PlaylistPlace(sequence: sequence, part: part))
        }
        #expect(progress(20, 2) == .made && progress(20, 3) == .absent && progress(21, 0) == .awaited)
        #expect(window.hintedPart(of: "audio") == "audio/segment-21.0.m4s")
        let behind = PlaylistPlace(sequence: 20, part: 3)
        let hold = BlockingReload.Decision.hold(patienceMilliseconds: 1200)
        #expect(BlockingReload.decide(on: behind, of: "audio", in: window) == hold)
        #expect(
            BlockingReload.decide(on: PlaylistPlace(sequence: 21, part: 0), of: "audio", in: window) == hold)
    }

    @Test(
        arguments: [
            (23, 0, .awaited), (27, 9, .awaited), (27, 10, .tooFarAhead), (28, 0, .tooFarAhead), (19, 6, .absent),
        ] as [(Int64, Int, LiveWindow.PartProgress)])
    func `what others told of while this process stood still may come`(
        sequence: Int64, part: Int, progress: LiveWindow.PartProgress
    ) throws {
        let window = try SampleWindow.window(openParts: 2)
        let place = PlaylistPlace(sequence: sequence, part: part)
        #expect(window.progress(of: "audio", at: place, missed: 5) == progress)
        let isComing = progress == .awaited || progress == .tooFarAhead && part > 0
        let standing: LiveWindow.Standing = isComing ? .coming : sequence == 19 ? .settled : .tooFarAhead
        #expect(window.standing(of: sequence, in: "audio", missed: 5) == standing)
    }

    /// Its initialisation segment and the master playlist can be known from another process.
    @Test func `of a rendition that has nothing yet the first parts are awaited`() throws {
        var window = LiveWindow()
        for event in try SampleWindow.beginning() { _ = window.apply(event) }
        for (sequence, part) in [(17, 0), (17, 3), (18, 0), (16, 0)] as [(Int64, Int)] {
            #expect(window.progress(of: "audio", at: PlaylistPlace(sequence: sequence, part: part)) == .awaited)
        }
        #expect(window.progress(of: "audio", at: PlaylistPlace(sequence: 20, part: 0)) == .tooFarAhead)
    }

    @Test func `of a rendition that the run lacks nothing comes, unless we have missed its return`() throws {
        var window = LiveWindow()
        for event in try SampleWindow.ladder() { _ = window.apply(event) }
        let next = PlaylistPlace(sequence: 19, part: 0)
        #expect(window.progress(of: "1080p", at: next) == .tooFarAhead)
        #expect(window.progress(of: "1080p", at: next, missed: 2) == .awaited)
        #expect(window.progress(of: "480p", at: next) == .awaited)
    }

    @Test(arguments: [
        (2, 334, 10), (1, 1000, 3), (6, 500, 17), (4, 100, 54), (10, 5000, 4), (2, 0, 256), (60, 10, 256),
    ]) func `a segment has as many parts as fit into it`(duration: Int, part: Int, count: Int) throws {
        var window = LiveWindow()
        for event in try SampleWindow.beginning().dropLast() { _ = window.apply(event) }
        #expect(window.partsExpectedMax == 256)
        _ = window.apply(.targets(Targets(durationSeconds: duration, partMilliseconds: part)))
        #expect(window.partsExpectedMax == count)
    }

    @Test(arguments: [(17, false), (18, true), (19, true), (20, true), (21, false)] as [(Int64, Bool)])
    func `what was announced a moment ago must be there`(number: Int64, isFresh: Bool) throws {
        var window = try SampleWindow.window(openParts: 2)
        #expect(window.isFresh(number, in: "audio") == isFresh)
        #expect(!window.isFresh(number, in: "1080p"))
        let gap = Segment(
            rendition: "audio", number: 20, run: 17, timescale: 48_000, start: 3 * 96_000, duration: 96_000,
            byteCount: 0, frameCount: 0, partCount: 0, isGap: true)
        _ = window.apply(.segment(gap))
        #expect(!window.isFresh(20, in: "audio"))
    }

    @Test(
        arguments: [
            (0, .settled), (19, .settled), (20, .growing), (21, .coming), (22, .coming), (23, .tooFarAhead),
            (.max, .tooFarAhead),
        ] as [(Int64, LiveWindow.Standing)])
    func `a segment is finished, growing, coming or too far ahead`(
        number: Int64, standing: LiveWindow.Standing
    ) throws {
        var window = try SampleWindow.window(openParts: 2)
        #expect(window.standing(of: number, in: "audio") == standing)
        #expect(window.standing(of: number, in: "1080p") == .settled)
        _ = window.apply(.ended)
        #expect(window.standing(of: number, in: "audio") == .settled)
    }

    @Test(
        arguments: [(19, .settled), (20, .coming), (21, .coming), (22, .tooFarAhead)] as [(Int64, LiveWindow.Standing)])
    func `between two segments the next two are coming`(number: Int64, standing: LiveWindow.Standing) throws {
        #expect(try SampleWindow.window(openParts: 0).standing(of: number, in: "audio") == standing)
    }

    /// Players know one list of numbers for all renditions.
    @Test func `a rendition that is behind another is waited for as long as that one`() throws {
        var window = LiveWindow()
        for event in try SampleWindow.ladder().dropLast() { _ = window.apply(event) }
        #expect(window.standing(of: 21, in: "480p") == .tooFarAhead)
        var part = SampleWindow.part(0, of: 19)
        part.rendition = "1080p"
        _ = window.apply(.part(part))
        #expect(window.standing(of: 19, in: "1080p") == .growing)
        for number in Int64(19)...21 { #expect(window.standing(of: number, in: "480p") == .coming) }
        #expect(window.standing(of: 22, in: "480p") == .tooFarAhead)
    }

    @Test func `the first segment of a broadcast can be watched while it grows`() throws {
        var window = LiveWindow()
        for event in try SampleWindow.beginning() { _ = window.apply(event) }
        #expect(window.standing(of: 17, in: "audio") == .coming)
        _ = window.apply(.part(SampleWindow.part(0, of: 17)))
        #expect(window.standing(of: 17, in: "audio") == .growing)
        #expect(window.standing(of: 16, in: "audio") == .settled)
    }
}

/// Windows of audio in segments of two seconds with six parts.
enum SampleWindow {
    static func beginning() throws -> [TimelineEvent] {
        let track = Track(.aac(try AACConfiguration(specificConfig: [0x11, 0x90])))
        return [
            .began(
                BroadcastOrigin(
                    unixMilliseconds: 1_800_000_000_000, firstSegmentNumber: 17, firstDiscontinuitySequence: 0)),
            .run(
                Run(
                    number: 17, discontinuitySequence: 0, ordinal: 0, startMilliseconds: 0,
                    renditions: [Rendition(name: "audio", epoch: 17, track: track)])),
            .targets(Targets(durationSeconds: 2, partMilliseconds: 334)),
        ]
    }

    static func part(_ number: Int, of segment: Int64) -> Part {
        Part(
            rendition: "audio", segmentNumber: segment, number: number, timescale: 48_000,
            start: (segment - 17) * 96_000 + Int64(number) * 16_000, duration: 16_000, byteCount: 1000,
            isIndependent: true)
    }

    static func segment(_ number: Int64) -> Segment {
        Segment(
            rendition: "audio", number: number, run: 17, timescale: 48_000, start: (number - 17) * 96_000,
            duration: 96_000, byteCount: 6000, frameCount: 94, partCount: 6)
    }

    /// Segments 17 to 19, or to another one.
    static func events(to last: Int64 = 19) throws -> [TimelineEvent] {
        try beginning()
            + (Int64(17)...last).flatMap { number in
                (0..<6).map { .part(part($0, of: number)) } + [.segment(segment(number))]
            }
    }

    /// Segments 17 to 19, and parts of 20.
    static func window(openParts: Int) throws -> LiveWindow {
        var window = LiveWindow()
        for event in try events() { _ = window.apply(event) }
        for index in 0..<openParts { _ = window.apply(.part(part(index, of: 20))) }
        return window
    }

    /// The renditions 1080p and 480p with segments 17 and 18, and a run from 19 on that has 480p alone.
    static func ladder() throws -> [TimelineEvent] {
        var events = try beginning()
        guard case .run(let run) = events[1] else { return [] }
        let renditions = ["1080p", "480p"].map { Rendition(name: $0, epoch: 17, track: run.renditions[0].track) }
        events[1] = .run(
            Run(number: 17, discontinuitySequence: 0, ordinal: 0, startMilliseconds: 0, renditions: renditions))
        for number in Int64(17)...18 {
            for rendition in renditions {
                var segment = segment(number)
                segment.rendition = rendition.name
                events.append(.segment(segment))
            }
        }
        events.append(
            .run(
                Run(
                    number: 19, discontinuitySequence: 0, ordinal: 1, startMilliseconds: 4000,
                    renditions: [renditions[1]])))
        return events
    }
}
