import Bytes
import Media
import Testing

/// What must hold whatever an encoder sends.
@Suite struct TimelineRepairPropertyTests {
    /// Holds frames against the promises of `TimelineRepair`.
    struct Invariants {
        private var lastTime: [MediaKind: MediaTime] = [:]
        private var sequence = Int.min
        private var videoSequence = Int.min
        private(set) var broken: [String] = []

        mutating func check(_ frame: Frame, cts: Int32) {
            let kind = frame.track.kind
            let time = MediaTime(ticks: frame.decodeTime, timescale: frame.track.timescale)
            if frame.decodeTime < 0 { broken.append("negative time") }
            if let last = lastTime[kind], !(last < time) { broken.append("\(kind) does not rise: \(last) \(time)") }
            if frame.discontinuitySequence < sequence { broken.append("sequence falls") }
            if kind == .video && frame.discontinuitySequence != videoSequence {
                if !frame.isKeyframe { broken.append("sequence begins without a keyframe") }
                videoSequence = frame.discontinuitySequence
            }
            if cts >= 0 && frame.compositionOffset < 0 { broken.append("presentation before decoding") }
            lastTime[kind] = time
            sequence = frame.discontinuitySequence
        }
    }

    /// How a hostile encoder makes its next timestamp.
    private static func mutate(_ time: inout Int64, _ random: inout SplitMix64) {
        switch Int.random(in: 0..<100, using: &random) {
        case 0: time = .random(in: 0..<(1 << 32), using: &random)
        case 1: time = 0
        case 2: time -= .random(in: 0...2000, using: &random)
        case 3: time += .random(in: 0...20_000, using: &random)
        case 4...6: break
        case 7: time += (1 << 31)
        case 8: time = (1 << 32) - 10
        default: time += .random(in: 0...50, using: &random)
        }
    }

    @Test(arguments: UInt64(0)..<60) func `hostile timestamps break no promise`(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        var publisher = try Publisher()
        let videos = try [ParameterSetSample.hd720, .hd1080].map { Track(.avc(try $0.configuration)) }
        let audios = try [[0x12, 0x10], [0x16, 0x08], [0x2B, 0x11, 0x88, 0x00]].map {
            Track(.aac(try AACConfiguration(specificConfig: Bytes($0))))
        }
        var invariants = Invariants()
        var times: [Int64] = [0, 0]
        for _ in 0..<4000 {
            publisher.now += .random(in: 0...40, using: &random)
            switch Int.random(in: 0..<600, using: &random) {
            case 0: publisher.repair.connectionBegan()
            case 1: publisher.video = videos[.random(in: 0..<2, using: &random)]
            case 2: publisher.audio = audios[.random(in: 0..<3, using: &random)]
            case 3: publisher.now += .random(in: -5000...20_000, using: &random)
            case 4: for track in 0...1 { times[track] += 5_000_000 }
            default: break
            }
            let frame: Frame?
            var cts: Int32 = 0
            if Bool.random(using: &random) {
                Self.mutate(&times[0], &random)
                cts =
                    Int.random(in: 0..<20, using: &random) == 0
                    ? .random(in: .min ... .max, using: &random) : .random(in: -100...200, using: &random)
                frame = publisher.sendVideo(
                    times[0], cts: cts, keyframe: Int.random(in: 0..<20, using: &random) == 0)
            } else {
                Self.mutate(&times[1], &random)
                frame = publisher.sendAudio(times[1])
            }
            if let frame { invariants.check(frame, cts: cts) }
        }
        #expect(invariants.broken.prefix(3) == [])
        let counts = publisher.repair.counts
        #expect(counts.frames + counts.droppedBeforeKeyframe + counts.droppedLateAudio == 4000)
    }

    /// Jumps and reconnects of an otherwise clean encoder: the timeline stays with the wall clock.
    @Test(arguments: UInt64(0)..<20) func `a real-time encoder stays near the wall clock`(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        var publisher = try Publisher()
        var time = Int64.random(in: 0..<(1 << 32), using: &random)
        var invariants = Invariants()
        var checked = 0
        for _ in 0..<15 {
            let length = Int64.random(in: 500...4000, using: &random)
            publisher.stream(from: time, milliseconds: length)
            time += length
            if Bool.random(using: &random) {
                publisher.repair.connectionBegan()
                publisher.now += .random(in: 0...20_000, using: &random)
            }
            if Bool.random(using: &random) { time = .random(in: 0..<(1 << 32), using: &random) }
            for frame in publisher.frames.dropFirst(checked) { invariants.check(frame, cts: 0) }
            checked = publisher.frames.count
            for frame in publisher.frames.suffix(10) {
                let behind = Publisher.milliseconds(frame) - Double(frame.receivedUnixMilliseconds - Publisher.epoch)
                #expect(abs(behind) < 1500)
            }
        }
        #expect(invariants.broken.prefix(3) == [])
    }
}
