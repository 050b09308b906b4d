import Bytes
import Media
import Packaging
import Testing

@Suite struct PackagerTests {
    /// What must hold for any input.
    static func checkInvariants(_ studio: Studio, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let targets = studio.targets
        #expect(targets.count <= 1, sourceLocation: sourceLocation)
        for name in ["source", "audio"] {
            let segments = studio.segments(name)
            for (segment, next) in zip(segments, segments.dropFirst()) {
                #expect(next.number == segment.number + 1, sourceLocation: sourceLocation)
                #expect(next.start >= segment.start, sourceLocation: sourceLocation)
            }
            var lastDecode: Int64 = -1
            for segment in segments where !segment.isGap {
                let bytes = try #require(studio.store[segment.name], sourceLocation: sourceLocation)
                #expect(bytes.count == segment.byteCount, sourceLocation: sourceLocation)
                let samples = try CMAFReader.samples(in: bytes)
                #expect(samples.count == segment.frameCount, sourceLocation: sourceLocation)
                #expect(samples[0].decodeTime == segment.start, sourceLocation: sourceLocation)
                #expect(samples[0].isKeyframe == segment.isIndependent, sourceLocation: sourceLocation)
                #expect(
                    samples.reduce(0) { $0 + Int64($1.duration) } == segment.duration, sourceLocation: sourceLocation)
                for sample in samples {
                    #expect(sample.decodeTime > lastDecode, sourceLocation: sourceLocation)
                    #expect(
                        sample.presentationTime >= sample.decodeTime - segment.decodeDelay,
                        sourceLocation: sourceLocation)
                    lastDecode = sample.decodeTime
                }
                let seconds = Double(segment.duration) / Double(segment.timescale)
                #expect(
                    Int(seconds.rounded()) <= targets[0].durationSeconds, "\(segment)", sourceLocation: sourceLocation)
                let parts = studio.parts(name).filter { $0.segmentNumber == segment.number }
                #expect(parts.map(\.number) == Array(0..<segment.partCount), sourceLocation: sourceLocation)
                var joined = ByteWriter()
                for part in parts { joined.write(studio.store[part.name] ?? Bytes()) }
                #expect(joined.finish() == bytes, sourceLocation: sourceLocation)
                for part in parts.dropLast() {
                    let milliseconds = Double(part.duration) * 1000 / Double(part.timescale)
                    let target = Double(targets[0].partMilliseconds)
                    #expect(
                        milliseconds <= target && milliseconds > target * 0.85, "\(part)",
                        sourceLocation: sourceLocation)
                }
            }
        }
    }

    @Test(arguments: [0, 2], [0, 3])
    func `frames become aligned segments`(reorder: Int, jitter: Int) throws {
        var studio = Studio()
        let frames = FrameScript(reorder: reorder, jitter: jitter).frames(to: 10_000)
        studio.append(frames)
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.segments("source").map(\.number) == [7, 8, 9, 10, 11])
        #expect(studio.segments("audio").map(\.number) == [7, 8, 9, 10, 11])
        #expect(studio.segments("source").map(\.frameCount) == [50, 50, 50, 50, 50])
        for (picture, sound) in zip(studio.segments("source"), studio.segments("audio")) {
            let difference = sound.startTime.milliseconds - picture.startTime.milliseconds
            #expect(0...22 ~= difference)
        }
        #expect(studio.targets == [Targets(durationSeconds: 2, partMilliseconds: 334)])
        #expect(studio.runs.map(\.number) == [7])
        #expect(studio.runs[0].discontinuitySequence == 3)
        #expect(studio.store["source/init-7.mp4"] == InitializationSegment.bytes(for: Tracks.video))
    }

    @Test(arguments: [0, 2], [0, 3])
    func `presentation times and payloads are the encoder's`(reorder: Int, jitter: Int) throws {
        var studio = Studio()
        let frames = FrameScript(reorder: reorder, jitter: jitter).frames(to: 10_000)
        studio.append(frames)
        studio.append(.ended)
        let sent = frames.filter { $0.track.kind == .video }
        let samples = try studio.samples("source")
        #expect(samples.map(\.presentationTime) == sent.map(\.presentationTime))
        #expect(samples.map(\.payload) == sent.map(\.payload))
        #expect(samples.map(\.isKeyframe) == sent.map(\.isKeyframe))
        for segment in studio.segments("source") {
            let samples = try CMAFReader.samples(in: studio.store[segment.name] ?? Bytes())
            #expect(samples.map(\.presentationTime).min() == segment.start)
        }
        let start = MediaTime(ticks: sent[0].presentationTime, timescale: 90_000)
        let sounds = frames.filter {
            $0.track.kind == .audio && MediaTime(ticks: $0.presentationTime, timescale: 48_000) >= start
        }
        #expect(try studio.samples("audio").map(\.decodeTime) == sounds.map(\.decodeTime))
        #expect(try studio.samples("audio").map(\.payload) == sounds.map(\.payload))
    }

    static let frameDurations: [Double] = [16.6667, 20, 33.3333, 33.3667, 40, 41.7083, 66.6667, 100, 125, 200]

    @Test(arguments: frameDurations)
    func `parts fill the target whatever the frame rate`(frame: Double) throws {
        for jitter in [0, 1] {
            var studio = Studio()
            var script = FrameScript(frameMilliseconds: frame, keyframeInterval: Int((2000 / frame).rounded()))
            script.jitter = jitter
            if jitter == 1 { script.frameMilliseconds = frame }
            studio.append(script.frames(to: 9000))
            studio.append(.ended)
            try Self.checkInvariants(studio)
        }
    }

    @Test(arguments: [-2500.0, -900, -100, 0, 100, 900, 2500])
    func `audio that comes early or late is cut at the same boundaries`(lag: Double) throws {
        var studio = Studio()
        studio.append(FrameScript(audioLag: lag).frames(to: 12_000))
        studio.append(.ended)
        try Self.checkInvariants(studio)
        let pictures = studio.segments("source").filter { !$0.isGap }
        for sound in studio.segments("audio").filter({ !$0.isGap }).dropFirst() {
            guard let picture = pictures.first(where: { $0.number == sound.number }) else { continue }
            #expect(0...22 ~= sound.startTime.milliseconds - picture.startTime.milliseconds)
        }
        #expect(studio.segments("audio").filter { !$0.isGap }.count >= 4)
    }

    @Test func `video alone and audio alone wait for nothing but a second`() throws {
        for (video, audio) in [(Tracks.video, nil), (nil, Tracks.audio)] as [(Track?, Track?)] {
            var studio = Studio()
            studio.append(FrameScript(video: video, audio: audio).frames(to: 10_000))
            studio.append(.ended)
            try Self.checkInvariants(studio)
            #expect(studio.runs.count == 1)
            #expect(studio.runs[0].renditions.count == 1)
            #expect(studio.segments(video == nil ? "audio" : "source").count == 5)
            let frames = FrameScript(video: video, audio: audio).frames(to: 10_000).count
            #expect(try studio.samples(video == nil ? "audio" : "source").count == frames)
        }
    }

    @Test func `audio that joins later begins a run at the next key frame`() throws {
        var studio = Studio()
        let pictures = FrameScript(audio: nil).frames(to: 12_000)
        let sounds = FrameScript(video: nil).frames(from: 5_100, to: 12_000)
        let time = { (frame: Frame) in Double(frame.decodeTime) / Double(frame.track.timescale) }
        studio.append((pictures + sounds).sorted { time($0) < time($1) })
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.runs.map(\.renditions.count) == [1, 2])
        #expect(studio.runs.map(\.number) == [7, 10])
        #expect(studio.runs.map(\.discontinuitySequence) == [3, 3])
        #expect(studio.runs[1].startMilliseconds == 6000)
        // The configuration of the video is the same, so that its initialisation segment is too.
        #expect(studio.runs.map { $0.rendition(of: .video)?.epoch } == [7, 7])
        #expect(studio.segments("audio").map(\.number) == [10, 11, 12])
        #expect(try studio.samples("source").count == 300)
    }

    @Test func `video that joins later begins a run`() throws {
        var studio = Studio()
        let sounds = FrameScript(video: nil).frames(to: 12_000)
        let pictures = FrameScript(audio: nil).frames(from: 5_100, to: 12_000)
        let time = { (frame: Frame) in Double(frame.decodeTime) / Double(frame.track.timescale) }
        studio.append((pictures + sounds).sorted { time($0) < time($1) })
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.runs.map(\.renditions.count) == [1, 2])
        #expect(try studio.samples("source").count == 173)
        #expect(try studio.samples("audio").count == sounds.count)
    }

    @Test func `a reconnect continues the numbers behind a discontinuity`() throws {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 5_000))
        studio.append(.interrupted)
        #expect(studio.segments("source").map(\.number) == [7, 8, 9])
        // The encoder's count may jump; the playlists' must not.
        studio.append(FrameScript(discontinuitySequence: 8).frames(from: 9_000, to: 13_000))
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.segments("source").map(\.number) == [7, 8, 9, 10, 11])
        #expect(studio.runs.map(\.discontinuitySequence) == [3, 4])
        #expect(studio.runs.map(\.startMilliseconds) == [0, 9000])
        #expect(studio.segments("source").last?.startTime.milliseconds == 11_000)
        #expect(try studio.samples("source").count == 225)
    }

    @Test func `a broadcast that another process goes on with is the same broadcast`() throws {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 5_000))
        // The encoder has come to another process, whose numbers are its own.
        let origin = BroadcastOrigin(
            unixMilliseconds: Studio.origin.unixMilliseconds, firstSegmentNumber: 1000, firstDiscontinuitySequence: 8)
        studio.append(.began(origin))
        studio.append(FrameScript(discontinuitySequence: 8).frames(from: 9_000, to: 13_000))
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.segments("source").map(\.number) == [7, 8, 9, 10, 11])
        #expect(studio.events.filter { if case .began = $0 { true } else { false } }.count == 1)
        #expect(studio.events.contains(.interrupted))
        // One that began at another time is another one.
        let next = BroadcastOrigin(
            unixMilliseconds: Studio.origin.unixMilliseconds + 1, firstSegmentNumber: 2000,
            firstDiscontinuitySequence: 9)
        studio.append(.began(next))
        #expect(studio.events.last == .began(next))
    }

    @Test func `a discontinuity without an interruption cuts too`() throws {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 3_000))
        studio.append(FrameScript(discontinuitySequence: 1).frames(from: 3_000, to: 6_000))
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.runs.map(\.number) == [7, 9])
        #expect(studio.segments("source").map(\.frameCount) == [50, 25, 50, 25])
    }

    @Test func `a changed configuration begins a new epoch`() throws {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 4_000))
        studio.append(FrameScript(video: Tracks.otherVideo, discontinuitySequence: 1).frames(from: 4_000, to: 8_000))
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.runs.map { $0.rendition(of: .video)?.epoch } == [7, 9])
        #expect(studio.runs.map { $0.rendition(of: .audio)?.epoch } == [7, 7])
        #expect(studio.store["source/init-9.mp4"] == InitializationSegment.bytes(for: Tracks.otherVideo))
    }

    @Test func `a changed configuration is a seam without a discontinuity when the frames say so`() throws {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 4_000))
        studio.append(FrameScript(video: Tracks.otherVideo).frames(from: 4_000, to: 8_000))
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.runs.map(\.number) == [7, 9])
        #expect(studio.runs.map(\.discontinuitySequence) == [3, 3])
        #expect(studio.segments("source").map(\.frameCount) == [50, 50, 50, 50])
    }

    @Test func `audio goes on alone when video stops, and video comes back`() throws {
        var studio = Studio()
        let sounds = FrameScript(video: nil).frames(to: 30_000)
        let pictures =
            FrameScript(audio: nil).frames(to: 6_000) + FrameScript(audio: nil).frames(from: 20_000, to: 30_000)
        let time = { (frame: Frame) in Double(frame.decodeTime) / Double(frame.track.timescale) }
        studio.append((pictures + sounds).sorted { time($0) < time($1) })
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.segments("source").filter(\.isGap).count >= 5)
        #expect(studio.segments("source").last?.number == studio.segments("audio").last?.number)
        #expect(studio.segments("audio").allSatisfy { !$0.isGap })
        #expect(try studio.samples("audio").count == sounds.count)
        #expect(try studio.samples("source").count == pictures.count)
    }

    @Test func `video goes on when audio stops`() throws {
        var studio = Studio()
        let pictures = FrameScript(audio: nil).frames(to: 30_000)
        let sounds =
            FrameScript(video: nil).frames(to: 6_000) + FrameScript(video: nil).frames(from: 20_000, to: 30_000)
        let time = { (frame: Frame) in Double(frame.decodeTime) / Double(frame.track.timescale) }
        studio.append((pictures + sounds).sorted { time($0) < time($1) })
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.segments("audio").filter(\.isGap).count == 8)
        #expect(studio.segments("audio").last?.number == studio.segments("source").last?.number)
        #expect(try studio.samples("source").count == pictures.count)
    }

    @Test func `a reconnect without audio leaves gaps in its playlist`() throws {
        var studio = Studio()
        studio.append(FrameScript().frames(to: 4_000))
        studio.append(.interrupted)
        studio.append(FrameScript(audio: nil, discontinuitySequence: 1).frames(from: 6_000, to: 10_000))
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.segments("audio").map(\.isGap) == [false, false, true, true])
    }

    @Test func `what cannot be decoded or is out of order is left out`() throws {
        var studio = Studio()
        var frames = FrameScript().frames(to: 6_000)
        // The first key frame is lost, one frame comes twice, one is empty, one is from the far future.
        frames.removeFirst()
        frames.insert(frames[100], at: 104)
        var empty = frames[50]
        empty.payload = Bytes()
        frames.insert(empty, at: 51)
        var far = frames[60]
        far.decodeTime = .max
        frames.insert(far, at: 61)
        studio.append(frames)
        studio.append(.ended)
        try Self.checkInvariants(studio)
        // Audio ran alone for two seconds.
        #expect(studio.runs.map(\.renditions.count) == [1, 2])
        #expect(try studio.samples("source").count == 100)
    }

    @Test func `frames before a broadcast and behind its end are ignored`() {
        var studio = Studio(began: false)
        studio.append(FrameScript().frames(to: 3_000))
        studio.append(.interrupted)
        studio.append(.ended)
        #expect(studio.events.isEmpty)
        #expect(studio.store.isEmpty)
    }

    @Test func `a broadcast shorter than a second is kept`() throws {
        var studio = Studio()
        studio.append(FrameScript(audio: nil).frames(to: 500))
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.segments("source").map(\.frameCount) == [13])
        #expect(studio.events.last == .ended)
    }

    @Test func `a long group is cut at other frames as a last resort`() throws {
        var studio = Studio()
        var frames = FrameScript(audio: Tracks.audio44, keyframeInterval: 50).frames(to: 4_000)
        frames += FrameScript(audio: Tracks.audio44, keyframeInterval: 250).frames(from: 4_000, to: 20_000)
        studio.append(frames)
        studio.append(.ended)
        try Self.checkInvariants(studio)
        #expect(studio.segments("source").contains { !$0.isIndependent })
        #expect(studio.targets.map(\.durationSeconds) == [2])
        #expect(try studio.samples("source").count == 500)
    }

    @Test func `random encoders never break the rules`() throws {
        var random = Random(state: 42)
        for round in 0..<60 {
            var studio = Studio()
            var time = 0.0
            var sequence = 0
            for _ in 0..<Int(random.next() % 4 + 1) {
                var script = FrameScript(reorder: random.next() % 2 == 0 ? 0 : 2)
                script.frameMilliseconds = Self.frameDurations[Int(random.next() % 4)]
                script.keyframeInterval = Int(random.next() % 200) + 3
                script.jitter = Int(random.next() % 4)
                script.seed = random.next() | 1
                script.audio = [Tracks.audio, Tracks.audio44, nil][Int(random.next() % 3)]
                script.audioLag = Double(random.next() % 800) - 400
                script.discontinuitySequence = sequence
                let end = time + Double(random.next() % 12_000)
                studio.append(script.frames(from: time, to: end))
                if random.next() % 2 == 0 { studio.append(.interrupted) }
                time = end + Double(random.next() % 5_000)
                sequence += Int(random.next() % 3) + 1
            }
            studio.append(.ended)
            guard !studio.segments("source").isEmpty else { continue }
            try withKnownContext("round \(round)") { try Self.checkRules(studio) }
        }
    }

    /// The invariants without those of parts: the part target fits the first encoder's frame rate only.
    static func checkRules(_ studio: Studio) throws {
        for name in ["source", "audio"] {
            let segments = studio.segments(name)
            for (segment, next) in zip(segments, segments.dropFirst()) { #expect(next.number == segment.number + 1) }
            for segment in segments {
                let seconds = Double(segment.duration) / Double(segment.timescale)
                if !segment.isGap { #expect(Int(seconds.rounded()) <= studio.targets[0].durationSeconds, "\(segment)") }
            }
        }
        let samples = try studio.samples("source")
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.decodeTime < $1.decodeTime })
    }

    private func withKnownContext(_ text: String, _ body: () throws -> Void) throws {
        do { try body() } catch {
            Issue.record("\(text): \(error)")
            throw error
        }
    }
}
