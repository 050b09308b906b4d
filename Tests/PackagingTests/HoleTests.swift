import Bytes
import Media
import Packaging
import Testing

/// Frames that an encoder did not send.
@Suite struct HoleTests {
    /// Every segment begins where the one before ended unless a discontinuity lies between, and is short enough.
    static func checkTimeline(_ studio: Studio, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let limit = try #require(studio.targets.first, sourceLocation: sourceLocation).durationSeconds
        for name in ["source", "audio"] {
            let segments = studio.segments(name)
            for segment in segments {
                let seconds = Double(segment.duration) / Double(segment.timescale)
                #expect(Int(seconds.rounded()) <= limit, "\(segment)", sourceLocation: sourceLocation)
            }
            for (segment, next) in zip(segments, segments.dropFirst()) {
                #expect(next.number == segment.number + 1, sourceLocation: sourceLocation)
                let sequences = [segment, next].map { segment in
                    studio.runs.last { $0.number == segment.run }?.discontinuitySequence
                }
                guard sequences[0] == sequences[1] else { continue }
                let distance = next.startTime.milliseconds - segment.endTime.milliseconds
                // Audio begins with its first frame behind a boundary.
                #expect(-130...130 ~= distance, "\(segment) \(next)", sourceLocation: sourceLocation)
            }
        }
    }

    /// In the order of an encoder: by time.
    static func sorted(_ frames: [Frame]) -> [Frame] {
        frames.sorted { time($0) < time($1) }
    }

    static func time(_ frame: Frame) -> Double { Double(frame.decodeTime) / Double(frame.track.timescale) }

    /// Twenty seconds from which frames of some kinds are missing.
    static func frames(
        without kinds: [MediaKind], from start: Double, to end: Double, script: FrameScript = FrameScript()
    ) -> [Frame] {
        script.frames(to: 20_000).filter { frame in
            !kinds.contains(frame.track.kind) || !(start / 1000..<end / 1000 ~= Self.time(frame))
        }
    }

    static let lengths: [Double] = [300, 700, 900, 1100, 1500, 2000, 3000, 4900]
    static let places: [Double] = [2_500, 4_000, 5_000, 5_700, 5_990, 6_020]

    @Test(arguments: lengths, places)
    func `a hole in both tracks is a discontinuity or fits into the segments`(length: Double, start: Double) throws {
        for lag in [0.0, 400, -400] {
            var studio = Studio()
            let script = FrameScript(audioLag: lag)
            let frames = Self.frames(without: [.video, .audio], from: start, to: start + length, script: script)
            studio.append(frames)
            studio.append(.ended)
            try Self.checkTimeline(studio)
            // Audio may go on alone until the next key frame.
            #expect(Set(studio.runs.map(\.discontinuitySequence)) == (length < 1000 ? [3] : [3, 4]))
            if length < 1000 { #expect(studio.runs.count == 1) }
            // Nothing is lost but what cannot be decoded before a key frame.
            let sent = frames.count { $0.track.kind == .video }
            #expect(try studio.samples("source").count >= sent - (length < 1000 ? 0 : 50))
        }
    }

    @Test(arguments: lengths)
    func `a jump of the clock in a track alone is a discontinuity or fits`(length: Double) throws {
        for (video, audio) in [(Tracks.video, nil), (nil, Tracks.audio)] as [(Track?, Track?)] {
            for start in Self.places {
                var studio = Studio()
                let script = FrameScript(video: video, audio: audio)
                studio.append(Self.frames(without: [.video, .audio], from: start, to: start + length, script: script))
                studio.append(.ended)
                try Self.checkTimeline(studio)
                if audio != nil { #expect(studio.runs.count == (length < 1000 ? 1 : 2)) }
            }
        }
    }

    @Test(arguments: lengths, places)
    func `a hole in one track leaves gaps at most`(length: Double, start: Double) throws {
        for kind in [MediaKind.video, .audio] {
            var studio = Studio()
            let frames = Self.frames(without: [kind], from: start, to: start + length)
            studio.append(frames)
            studio.append(.ended)
            try Self.checkTimeline(studio)
            #expect(studio.runs.map(\.discontinuitySequence).allSatisfy { $0 == 3 })
            let other = kind == .video ? "audio" : "source"
            #expect(try studio.samples(other).count == frames.count { $0.track.kind != kind })
        }
    }

    @Test func `there is no confetti around a hole`() throws {
        for length in Self.lengths {
            var studio = Studio()
            studio.append(Self.frames(without: [.video, .audio], from: 6_500, to: 6_500 + length))
            studio.append(.ended)
            for name in ["source", "audio"] {
                for segment in studio.segments(name).dropLast() {
                    #expect(Double(segment.duration) / Double(segment.timescale) > 0.4, "\(length) \(segment)")
                }
            }
        }
    }

    @Test func `a slide show with sound is no hole`() throws {
        var studio = Studio()
        studio.append(FrameScript(frameMilliseconds: 2000, keyframeInterval: 1).frames(to: 20_000))
        studio.append(.ended)
        try Self.checkTimeline(studio)
        #expect(studio.runs.count == 1)
        #expect(try studio.samples("source").count == 10)
    }

    @Test func `a slide show without sound is no hole while its pictures fit`() throws {
        var studio = Studio()
        studio.append(FrameScript(audio: nil, frameMilliseconds: 2000, keyframeInterval: 3).frames(to: 30_000))
        studio.append(.ended)
        try Self.checkTimeline(studio)
        #expect(studio.runs.count == 1)
        #expect(try studio.samples("source").count == 15)
    }

    @Test func `a connection that is lost behind a hole loses nothing`() throws {
        var studio = Studio()
        let frames = FrameScript().frames(to: 8_000)
        studio.append(frames.filter { Self.time($0) < 5 || Self.time($0) >= 6 && $0.track.kind == .video })
        studio.append(.interrupted)
        studio.append(.ended)
        try Self.checkTimeline(studio)
        #expect(studio.runs.map(\.number) == [7, 10])
        #expect(try studio.samples("source").count == 175)
    }

    @Test func `a track that stops ends at the boundary and leaves the run`() throws {
        for kind in [MediaKind.video, .audio] {
            var studio = Studio()
            let frames = FrameScript().frames(to: 30_000).filter {
                $0.track.kind != kind || Self.time($0) < 5.1 || Self.time($0) > 17.3
            }
            studio.append(frames)
            studio.append(.ended)
            try Self.checkTimeline(studio)
            let name = kind == .video ? "source" : "audio"
            let last = try #require(studio.segments(name).last { !$0.isGap && $0.endTime.milliseconds < 10_000 })
            #expect(5_980...6_030 ~= last.endTime.milliseconds)
            #expect(studio.runs.map(\.renditions.count) == [2, 2])
            #expect(studio.runs.map(\.discontinuitySequence) == [3, 3])
            #expect(studio.runs.last?.startMilliseconds == 18_000)
        }
    }

    @Test(arguments: [900.0, 2_500])
    func `a resumed packager finds the same holes`(length: Double) {
        for kinds in [[MediaKind.video], [.audio], [.video, .audio]] {
            let script = FrameScript(reorder: 2, jitter: 2)
            let frames = Self.frames(without: kinds, from: 5_300, to: 5_300 + length, script: script)
            CheckpointTests.check([.began(Studio.origin)] + frames.map { .frame($0) } + [.ended])
        }
        let stops = FrameScript().frames(to: 30_000).filter {
            $0.track.kind == .video || Self.time($0) < 5.1 || Self.time($0) > 17.3
        }
        CheckpointTests.check([.began(Studio.origin)] + stops.map { .frame($0) } + [.ended])
    }

    @Test func `random holes keep the timeline`() throws {
        var random = Random(state: 7)
        for round in 0..<80 {
            var frames = FrameScript(
                reorder: random.next() % 2 == 0 ? 0 : 2, audioLag: Double(random.next() % 1000) - 500
            ).frames(to: 40_000)
            for _ in 0...random.next() % 4 {
                let start = Double(random.next() % 35_000) / 1000
                let end = start + Double(random.next() % 6_000) / 1000
                let kinds = [[MediaKind.video], [.audio], [.video, .audio]][Int(random.next() % 3)]
                frames.removeAll { kinds.contains($0.track.kind) && start..<end ~= Self.time($0) }
            }
            var studio = Studio()
            studio.append(frames)
            studio.append(.ended)
            guard !studio.targets.isEmpty else { continue }
            do { try Self.checkTimeline(studio) } catch { Issue.record("round \(round): \(error)") }
        }
    }

    @Test(arguments: [300.0, 1_200, 1_900])
    func `audio that is late at the beginning is in the first run`(late: Double) throws {
        var studio = Studio()
        let frames = FrameScript().frames(to: 10_000).filter {
            $0.track.kind == .video || Self.time($0) * 1000 >= late
        }
        studio.append(frames)
        #expect(studio.runs.map(\.renditions.count) == [2])
        #expect(try studio.samples("audio").count > 250)
        studio.append(.ended)
        try Self.checkTimeline(studio)
    }

    @Test func `video alone is published with its first segment`() {
        var studio = Studio()
        studio.append(FrameScript(audio: nil).frames(to: 2_001))
        #expect(studio.segments("source").map(\.number) == [7])
    }
}
