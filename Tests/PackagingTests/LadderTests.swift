import Bytes
import Media
import Packaging
import Testing

@Suite struct LadderTests {
    static let pair = VideoLadder([
        .init(name: "720p", track: Tracks.video), .init(name: "480p", track: Tracks.otherVideo),
    ])
    static let low = VideoLadder([.init(name: "480p", track: Tracks.otherVideo)])

    enum Step {
        case entry(BroadcastEntry)
        case picture(LadderPicture)
    }

    /// What the packager gets when each picture of a source is there in a second quality.
    ///
    /// - Parameter halves: Whether the second quality has half the frame rate.
    static func steps(_ frames: [Frame], halves: Bool = false, ladder: (Frame) -> VideoLadder? = { _ in pair })
        -> [Step]
    {
        var sinceKeyframe = 0
        return frames.compactMap { frame in
            guard frame.track.kind == .video else { return .entry(.frame(frame)) }
            guard let ladder = ladder(frame) else { return nil }
            sinceKeyframe = frame.isKeyframe ? 0 : sinceKeyframe + 1
            guard ladder.members.count > 1 else {
                return .picture(LadderPicture(ladder: ladder, leading: follower(of: frame)))
            }
            let isLeftOut = halves && sinceKeyframe % 2 == 1
            return .picture(
                LadderPicture(
                    ladder: ladder, leading: frame,
                    following: isLeftOut ? [] : [.init(member: 1, frame: follower(of: frame))]))
        }
    }

    /// The same access unit from an encoder that does not reorder: it is decoded when its place in the order is shown.
    private static func follower(of frame: Frame) -> Frame {
        var frame = frame
        frame.track = Tracks.otherVideo
        frame.decodeTime += 3600
        frame.compositionOffset = 0
        frame.payload = Bytes([0, 0, 0, 2, frame.isKeyframe ? 0x65 : 0x41, 7])
        return frame
    }

    private func studio(_ steps: [Step]) -> Studio {
        var studio = Studio()
        for step in steps {
            switch step {
            case .entry(let entry): studio.append(entry)
            case .picture(let picture): studio.append(picture)
            }
        }
        return studio
    }

    @Test(arguments: [50, 33, 75, 10, 7], [false, true])
    func `all renditions have the same numbers at the same times`(interval: Int, halves: Bool) {
        // The leader reorders by a frame, so that it is shown a frame later than it is decoded.
        let frames = FrameScript(keyframeInterval: interval, reorder: 2).frames(to: 30_000)
        let studio = studio(Self.steps(frames, halves: halves) + [.entry(.ended)])
        let high = studio.segments("720p")
        let low = studio.segments("480p")
        #expect(high.count > 8)
        #expect(high.map(\.number) == low.map(\.number))
        #expect(studio.segments("audio").map(\.number) == high.map(\.number))
        // The follower's frames are a frame later than the leader's decode times, which is when the leader's are shown.
        #expect(high.map(\.start) == low.map(\.start))
        #expect(high.allSatisfy { $0.isIndependent && !$0.isGap } && low.allSatisfy { $0.isIndependent && !$0.isGap })
        #expect(zip(low, low.dropFirst()).allSatisfy { $0.start + $0.duration == $1.start })
    }

    @Test func `decode times of all renditions lie the same time before presentation, and no offset is negative`()
        throws
    {
        // A broadcast that begins a little after its origin, as ingest has it; one rendition reorders.
        let frames = FrameScript(reorder: 2).frames(from: 200, to: 9200)
        let studio = studio(Self.steps(frames) + [.entry(.ended)])
        for name in ["720p", "480p"] {
            #expect(try studio.samples(name).allSatisfy { $0.compositionOffset >= 0 }, "\(name)")
            for segment in studio.segments(name) {
                let samples = try CMAFReader.samples(in: try #require(studio.store[segment.name]))
                #expect(samples.first.map { segment.start - $0.decodeTime } == 9000, "\(name)")
                #expect(samples.map(\.presentationTime).min() == segment.start, "\(name)")
            }
        }
        let first = try #require(studio.segments("audio").first)
        #expect(try CMAFReader.samples(in: try #require(studio.store[first.name])).first?.decodeTime == first.start)
    }

    @Test func `a key frame's bytes are told`() throws {
        let studio = studio(Self.steps(FrameScript().frames(to: 8000)) + [.entry(.ended)])
        let segment = try #require(studio.segments("720p").first)
        #expect(segment.keyframeByteCount > 900 && segment.keyframeByteCount < segment.byteCount)
        let low = try #require(studio.segments("480p").first)
        #expect(low.keyframeByteCount < segment.keyframeByteCount)
        #expect(studio.segments("audio").allSatisfy { $0.keyframeByteCount == 0 })
    }

    @Test func `a rendition that is shed leaves at the next key frame and comes back at another`() {
        let frames = FrameScript().frames(to: 24_000)
        let studio = studio(
            Self.steps(frames) { (8000 * 90..<16_000 * 90).contains($0.decodeTime) ? Self.low : Self.pair }
                + [.entry(.ended)])
        let runs = studio.runs
        #expect(
            runs.map { $0.renditions.map(\.name) } == [
                ["720p", "480p", "audio"], ["480p", "audio"], ["720p", "480p", "audio"],
            ])
        #expect(Set(runs.map(\.discontinuitySequence)).count == 1, "nothing is torn")
        #expect(Set(runs.compactMap { $0.rendition(named: "480p")?.epoch }).count == 1)
        #expect(Set(runs.compactMap { $0.rendition(named: "720p")?.epoch }).count == 1)
        let high = studio.segments("720p")
        #expect(high.map(\.number) == studio.segments("480p").map(\.number), "numbers go on while it is away")
        #expect(high.contains(where: \.isGap) && high.last?.isGap == false)
        #expect(studio.segments("480p").allSatisfy { !$0.isGap })
    }

    @Test func `a follower without frames leaves with gaps and the others go on`() {
        let frames = FrameScript().frames(to: 20_000)
        let steps = Self.steps(frames).map { step -> Step in
            guard case .picture(let picture) = step, picture.leading.decodeTime > 7000 * 90 else { return step }
            return .picture(LadderPicture(ladder: picture.ladder, leading: picture.leading))
        }
        let studio = studio(steps + [.entry(.ended)])
        #expect(studio.segments("720p").allSatisfy { !$0.isGap })
        #expect(studio.segments("720p").map(\.number) == studio.segments("480p").map(\.number))
        #expect(studio.segments("480p").suffix(3).allSatisfy { $0.isGap })
    }

    @Test(arguments: [600.0, 1500, 5000])
    func `a hole in the source is the same in all renditions`(length: Double) {
        let frames =
            FrameScript(reorder: 2).frames(to: 7000)
            + FrameScript(reorder: 2).frames(from: 7000 + length, to: 19_000 + length)
        let studio = studio(Self.steps(frames) + [.entry(.ended)])
        let high = studio.segments("720p")
        let low = studio.segments("480p")
        #expect(high.map(\.number) == low.map(\.number))
        #expect(high.map(\.start) == low.map(\.start))
        #expect(high.map(\.isGap) == low.map(\.isGap))
    }

    @Test func `a packager that resumes makes the same renditions`() throws {
        let frames = FrameScript(keyframeInterval: 33, reorder: 2).frames(to: 20_000)
        let steps: [Step] = [.entry(.began(Studio.origin))] + Self.steps(frames) + [.entry(.ended)]
        var packager = Packager()
        var outputs: [PackagerOutput] = []
        var checkpoints: [Packager.Checkpoint] = []
        for (index, step) in steps.enumerated() {
            outputs += packager.append(step, position: Int64(index))
            guard let checkpoint = packager.checkpoint else { continue }
            if checkpoints.last?.segmentNumber != checkpoint.segmentNumber { checkpoints.append(checkpoint) }
        }
        #expect(checkpoints.count > 4)
        for original in checkpoints {
            let checkpoint = try Packager.Checkpoint(decoding: original.encoded)
            #expect(checkpoint.encoded == original.encoded)
            var other = Packager(.init(), resuming: checkpoint)
            var again: [PackagerOutput] = []
            for index in Int(checkpoint.position)..<steps.count {
                again += other.append(steps[index], position: Int64(index))
            }
            let number = checkpoint.segmentNumber
            let expected = outputs.flatMap { CheckpointTests.described($0, from: number) }
            #expect(again.flatMap { CheckpointTests.described($0, from: number) } == expected, "from \(number)")
        }
    }
}

extension Packager {
    fileprivate mutating func append(_ step: LadderTests.Step, position: Int64) -> [PackagerOutput] {
        switch step {
        case .entry(let entry): append(entry, position: position)
        case .picture(let picture): append(picture, position: position)
        }
    }
}
