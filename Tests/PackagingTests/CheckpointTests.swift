import Bytes
import Media
import Packaging
import Testing

@Suite struct CheckpointTests {
    /// Feeds everything to one packager, and from every checkpoint on to another one.
    static func check(_ entries: [BroadcastEntry], sourceLocation: SourceLocation = #_sourceLocation) {
        var packager = Packager()
        var outputs: [PackagerOutput] = []
        var checkpoints: [Packager.Checkpoint] = []
        for (index, entry) in entries.enumerated() {
            outputs += packager.append(entry, position: Int64(index))
            guard let checkpoint = packager.checkpoint else { continue }
            if checkpoints.last?.segmentNumber != checkpoint.segmentNumber { checkpoints.append(checkpoint) }
        }
        #expect(checkpoints.count > 3, sourceLocation: sourceLocation)
        for original in checkpoints {
            guard let checkpoint = try? Packager.Checkpoint(decoding: original.encoded) else {
                Issue.record("a checkpoint does not survive its encoding", sourceLocation: sourceLocation)
                continue
            }
            #expect(checkpoint.encoded == original.encoded, sourceLocation: sourceLocation)
            #expect(checkpoint.position == original.position, sourceLocation: sourceLocation)
            var other = Packager(.init(), resuming: checkpoint)
            var again: [PackagerOutput] = []
            for index in Int(checkpoint.position)..<entries.count {
                again += other.append(entries[index], position: Int64(index))
            }
            let expected = outputs.flatMap { Self.described($0, from: checkpoint.segmentNumber) }
            let found = again.flatMap { Self.described($0, from: checkpoint.segmentNumber) }
            #expect(found == expected, "from \(checkpoint.segmentNumber)", sourceLocation: sourceLocation)
        }
    }

    /// What an output says about segments from a number on.
    static func described(_ output: PackagerOutput, from number: Int64) -> [String] {
        switch output {
        case .store(let object):
            guard object.kind != .initialization else { return [] }
            let digits = object.name.split(separator: "-")[1].prefix { $0.isNumber }
            guard let found = Int64(digits), found >= number else { return [] }
            return ["\(object.name) \(object.bytes.hashValue)"]
        case .announce(.part(let part)): return part.segmentNumber >= number ? ["\(part)"] : []
        case .announce(.segment(let segment)): return segment.number >= number ? ["\(segment)"] : []
        case .announce(.run(let run)): return run.number > number ? ["\(run.number) \(run)"] : []
        case .announce(.began), .announce(.targets): return []
        case .announce(.interrupted), .announce(.thumbnail), .announce(.span): return []
        case .announce(.ended): return ["ended"]
        }
    }

    @Test(arguments: [0, 2], [0, 3])
    func `a packager that resumes anywhere makes the same bytes`(reorder: Int, jitter: Int) {
        let frames = FrameScript(reorder: reorder, jitter: jitter).frames(to: 20_000)
        Self.check([.began(Studio.origin)] + frames.map { .frame($0) } + [.ended])
    }

    @Test(arguments: [-1500.0, -300, 300, 1500])
    func `also when audio and video are far apart in the log`(lag: Double) {
        let frames = FrameScript(reorder: 2, jitter: 2, audioLag: lag).frames(to: 20_000)
        Self.check([.began(Studio.origin)] + frames.map { .frame($0) } + [.ended])
    }

    @Test func `also over discontinuities, forced cuts and tracks that come and go`() {
        var entries: [BroadcastEntry] = [.began(Studio.origin)]
        entries += FrameScript(reorder: 2).frames(to: 9_000).map { .frame($0) }
        entries.append(.interrupted)
        entries += FrameScript(audio: nil, keyframeInterval: 170, discontinuitySequence: 1)
            .frames(from: 11_000, to: 23_000).map { .frame($0) }
        entries += FrameScript(video: Tracks.otherVideo, discontinuitySequence: 2)
            .frames(from: 24_000, to: 33_000).map { .frame($0) }
        entries.append(.ended)
        Self.check(entries)
    }

    @Test func `mutated checkpoints are refused or harmless`() throws {
        let frames = FrameScript(reorder: 2).frames(to: 8_000)
        var packager = Packager()
        _ = packager.append(.began(Studio.origin))
        for frame in frames { _ = packager.append(.frame(frame)) }
        let record = try #require(packager.checkpoint).encoded
        for length in 0..<record.count {
            #expect(throws: RecordFailure.self) { try Packager.Checkpoint(decoding: record.prefix(length)) }
        }
        var random = Random(state: 11)
        for _ in 0..<300 {
            var bytes = record.array
            for _ in 0...Int(random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let checkpoint = try? Packager.Checkpoint(decoding: Bytes(bytes)) else { continue }
            var other = Packager(.init(), resuming: checkpoint)
            for frame in frames { _ = other.append(.frame(frame)) }
            _ = other.append(.ended)
        }
    }
}
