import Bytes
import Media
import Testing

@Suite struct TimelineRepairTests {
    // MARK: Clean input

    @Test(arguments: [0, 1, 3_600_000, 1 << 24, 1 << 31, (1 << 32) - 40] as [Int64])
    func `a clean stream keeps its times from zero on`(start: Int64) throws {
        var publisher = try Publisher()
        publisher.stream(from: start, milliseconds: 10_000)
        #expect(publisher.frames(.video).count == 250)
        #expect(publisher.frames(.video).first?.decodeTime == 0)
        #expect(publisher.frames(.video).last?.decodeTime == Int64(249 * 3600))
        let audio = publisher.frames(.audio)
        #expect(audio.map(\.decodeTime) == audio.indices.map { Int64($0) * 1024 })
        #expect(publisher.frames.allSatisfy { $0.discontinuitySequence == 0 })
        #expect(publisher.repair.counts == TimelineRepairCounts(frames: 250 + audio.count, anchors: 1))
    }

    @Test(arguments: [1 << 24, 1 << 31, 1 << 32] as [Int64]) func `a wrap of the clock is no jump`(period: Int64) throws
    {
        var publisher = try Publisher()
        var wallStart = publisher.now
        for step in stride(from: Int64(0), to: 10_000, by: 40) {
            publisher.now = wallStart + step
            publisher.sendVideo((period - 5000 + step) % period, keyframe: step % 1000 == 0)
        }
        wallStart = publisher.now
        #expect(publisher.frames.map(\.decodeTime) == (0..<250).map { Int64($0) * 3600 })
        #expect(publisher.repair.counts == TimelineRepairCounts(frames: 250, anchors: 1))
    }

    @Test(arguments: [Int64(-900), -23, 0, 100, 2900]) func `tracks keep their distance`(distance: Int64) throws {
        var publisher = try Publisher()
        publisher.now += 1000  // room for what is stamped before the first frame
        publisher.stream(from: 50_000, milliseconds: 20_000, audioOffset: distance)
        let (video, audio) = (publisher.shift(.video), publisher.shift(.audio))
        #expect(video.most - video.least < 0.01)
        // The encoder rounds audio down to milliseconds, the repaired times do not.
        #expect(audio.least >= video.least - 0.01 && audio.most < video.most + 1.01)
        #expect(publisher.repair.counts.separatedTracks == 0)
    }

    @Test(arguments: [Int64(-20_000), -3500, 3500, 3_600_000])
    func `tracks whose clocks have nothing in common begin together`(distance: Int64) throws {
        var publisher = try Publisher()
        publisher.stream(from: 50_000, milliseconds: 5000, audioOffset: distance)
        #expect(publisher.repair.counts.separatedTracks == 1)
        #expect(publisher.repair.counts.anchors == 1)
        let first = try #require(publisher.frames(.audio).first)
        #expect(Publisher.milliseconds(first) <= 50)
        #expect(publisher.frames.allSatisfy { $0.discontinuitySequence == 0 })
    }

    @Test func `a burst of video does not move the audio that comes behind it`() throws {
        var publisher = try Publisher()
        for step in stride(from: Int64(0), to: 6000, by: 40) { publisher.sendVideo(step, keyframe: step == 0) }
        publisher.now += 100
        #expect(publisher.sendAudio(0)?.decodeTime == 0)
        #expect(publisher.repair.counts.separatedTracks == 0)
    }

    @Test func `a track may come much later on the same clock`() throws {
        var publisher = try Publisher()
        for frame in 0..<2000 {
            publisher.now = Publisher.epoch + Int64(frame) * 1024 * 1000 / 44100
            publisher.sendAudio(Int64(frame) * 1024 * 1000 / 44100)
        }
        let video = publisher.sendVideo(46_000, keyframe: true)
        #expect(video?.decodeTime == Int64(46_000 * 90))
        #expect(video?.discontinuitySequence == 0)
    }

    @Test func `pictures before the first keyframe are dropped and the audio goes on`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 2000, firstIsKeyframe: false)
        #expect(publisher.repair.counts.droppedBeforeKeyframe == 25)
        #expect(try #require(publisher.frames(.video).first).decodeTime == Int64(1000 * 90))
        #expect(publisher.frames(.audio).first?.decodeTime == 0)
    }

    /// A day at 44,100 and at 48,000 Hz, and two hours of the lowest rate and of HE-AAC.
    @Test(
        arguments: zip(
            [[0x12, 0x10], [0x11, 0x90], [0x16, 0x08], [0x2B, 0x11, 0x88, 0x00]] as [[UInt8]], [24, 24, 2, 2]))
    func `a day of audio is as long as its samples`(config: [UInt8], hours: Int64) throws {
        var publisher = try Publisher(audio: Bytes(config))
        guard case .aac(let aac) = publisher.audio.configuration else { return }
        let samples = Int64(aac.samplesPerFrame)
        let rate = Int64(aac.sampleRate)
        var repair = publisher.repair
        var wrong = 0
        for count in 0..<(hours * 3600 * rate / samples) {
            let time = count * samples * 1000 / rate
            let frame = repair.receive(
                EncoderFrame(
                    track: publisher.audio, timestampMilliseconds: UInt32(time), isKeyframe: true, payload: [0x21]),
                atUnixMilliseconds: Publisher.epoch + time)
            if frame?.decodeTime != count * samples { wrong += 1 }
        }
        #expect(wrong == 0)
        #expect(repair.counts.audioResyncs == 0)
        publisher.repair = repair
    }

    // MARK: Disorder

    @Test func `equal and backward stamps are nudged and the presentation stays`() throws {
        var publisher = try Publisher()
        publisher.sendVideo(0, cts: 80, keyframe: true)
        publisher.sendVideo(40, cts: 160)
        publisher.sendVideo(40, cts: 80)
        publisher.sendVideo(30, cts: 40)
        publisher.sendVideo(25, cts: 0)
        publisher.sendVideo(120, cts: -40)
        #expect(publisher.frames.map(\.decodeTime) == [0, 3600, 3601, 3602, 3603, 10_800])
        #expect(publisher.frames.map(\.presentationTime) == [7200, 18_000, 10_800, 6300, 3603, 7200])
        #expect(publisher.repair.counts.nudged == 3)
    }

    @Test(arguments: [Int64(3_600_000), 6000, -1500, -100_000, 500_000_000])
    func `one frame with a wild time does no harm`(jump: Int64) throws {
        var publisher = try Publisher()
        publisher.stream(from: 1_000_000, milliseconds: 2000)
        publisher.sendVideo(1_002_000 + jump)
        publisher.sendAudio(1_002_000 + jump)
        publisher.now += 40
        publisher.stream(from: 1_002_040, milliseconds: 2000, firstIsKeyframe: false)
        #expect(publisher.repair.counts.restamped == 2)
        #expect(publisher.repair.counts.anchors == 1)
        #expect(publisher.frames(.video).map(\.decodeTime) == (0..<101).map { Int64($0) * 3600 })
        #expect(publisher.frames.allSatisfy { $0.discontinuitySequence == 0 })
    }

    @Test(arguments: [Int64(3_600_000), 6000, -1500, -1_000_000, 500_000_000])
    func `a jump of both tracks that lasts is one discontinuity`(jump: Int64) throws {
        var publisher = try Publisher()
        publisher.stream(from: 1_000_000, milliseconds: 3000)
        let before = publisher.frames.count
        publisher.stream(from: 1_003_000 + jump, milliseconds: 5000)
        #expect(publisher.repair.counts.anchors == 2)
        #expect(publisher.frames.last?.discontinuitySequence == 1)
        // The first pictures are re-stamped, then the clock is set anew; nothing is lost and nothing jumps.
        #expect(publisher.frames(.video).count == 200)
        let times = publisher.frames(.video).map(\.decodeTime)
        #expect(zip(times, times.dropFirst()).allSatisfy { 1...7300 ~= $1 - $0 })
        // Audio and video lie on the encoder's clock with the same offset again.
        let video = publisher.shift(.video, from: before + 20)
        let audio = publisher.shift(.audio, from: before + 20)
        #expect(abs(video.least - audio.least) < 25)
        #expect(audio.most - audio.least < 30)
    }

    @Test func `a jump within a group of pictures counts from the next keyframe on`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 1400)
        publisher.stream(from: 9_000_000, milliseconds: 3000, firstIsKeyframe: false)
        let videos = publisher.frames(.video)
        let seam = try #require(videos.firstIndex { $0.discontinuitySequence == 1 })
        #expect(videos[seam].isKeyframe)
        #expect(videos.count == 35 + 75)
    }

    @Test func `a restart at zero behind a silence goes on at the wall clock`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 500_000, milliseconds: 3000)
        publisher.now += 12_000
        publisher.stream(from: 0, milliseconds: 3000)
        let videos = publisher.frames(.video)
        #expect(videos.count == 150)
        #expect(videos[75].discontinuitySequence == 1 && videos[75].isKeyframe)
        #expect(videos[149].discontinuitySequence == 1)
        #expect(abs(Publisher.milliseconds(videos[149]) - 17_960) < 2)
    }

    @Test func `a pause on both clocks leaves a hole of its length`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 3000)
        let before = publisher.frames.count
        publisher.now += 14_000
        publisher.stream(from: 17_300, milliseconds: 3000)
        #expect(publisher.repair.counts.anchors == 1)
        #expect(publisher.repair.counts.restamped == 0)
        #expect(publisher.repair.counts.confirmedGaps == 2)
        #expect(publisher.frames.prefix(before).allSatisfy { $0.discontinuitySequence == 0 })
        #expect(publisher.frames.dropFirst(before).allSatisfy { $0.discontinuitySequence == 1 })
        #expect(publisher.frames(.video).last?.decodeTime == Int64(20_260 * 90))
    }

    @Test func `a hole within a group of pictures ends at a keyframe`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 3000)
        let before = publisher.frames.count
        publisher.now += 14_000
        publisher.stream(from: 17_000, milliseconds: 3000, firstIsKeyframe: false)
        #expect(publisher.frames.dropFirst(before).allSatisfy { $0.discontinuitySequence == 1 })
        #expect(publisher.repair.counts.droppedBeforeKeyframe == 25)
    }

    @Test func `a slide show loses nothing`() throws {
        var publisher = try Publisher()
        for slide in Int64(0)..<20 {
            publisher.now = Publisher.epoch + slide * 30_000
            publisher.sendVideo(slide * 30_000, keyframe: slide == 0)
        }
        #expect(publisher.frames.map(\.decodeTime) == (0..<20).map { Int64($0) * 2_700_000 })
        #expect(publisher.frames.allSatisfy { $0.discontinuitySequence == 0 })
    }

    @Test func `a jump together with new configurations is one discontinuity`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 700_000, milliseconds: 3000)
        let before = publisher.frames(.video).count
        publisher.video = Track(.avc(try ParameterSetSample.hd1080.configuration))
        publisher.stream(from: 0, milliseconds: 3000)
        let behind = publisher.frames(.video).dropFirst(before)
        #expect(behind.count == 75)
        #expect(behind.allSatisfy { $0.discontinuitySequence == 1 })
        #expect(publisher.repair.counts.anchors == 2)
    }

    @Test func `a camera that was off comes back where the audio is`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 1000)
        for frame in 43..<2000 { publisher.sendAudio(Int64(frame) * 1024 * 1000 / 44100) }  // in a burst
        let frame = publisher.sendVideo(46_000, keyframe: true)
        #expect(frame?.decodeTime == Int64(46_000 * 90))
        #expect(frame?.discontinuitySequence == 0)
    }

    // MARK: Audio

    @Test func `missing audio frames move the audio on`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 2000)
        publisher.now += 1500
        publisher.stream(from: 3500, milliseconds: 1000)
        #expect(publisher.repair.counts.audioResyncs == 1)
        let shift = publisher.shift(.audio)
        #expect(shift.least >= -25 && shift.most <= 25)
    }

    @Test func `jitter of the encoder's audio times does not show`() throws {
        var publisher = try Publisher()
        var random = SplitMix64(state: 4)
        for count in Int64(0)..<5000 {
            publisher.sendAudio(max(0, count * 1024 * 1000 / 44100 + .random(in: -20...20, using: &random)))
        }
        let times = publisher.frames.map(\.decodeTime)
        #expect(zip(times, times.dropFirst()).allSatisfy { 1008...1040 ~= $1 - $0 })
        #expect(publisher.repair.counts.audioResyncs == 0)
        #expect(publisher.shift(.audio).most < 45 && publisher.shift(.audio).least > -45)
    }

    @Test(arguments: [-0.004, -0.0001, 0.0001, 0.004]) func `audio follows a clock that runs differently`(error: Double)
        throws
    {
        var publisher = try Publisher()
        for count in 0..<100_000 { publisher.sendAudio(Int64(Double(count) * 1024_000 / 44100 * (1 + error))) }
        #expect(publisher.repair.counts.audioResyncs == 0)
        #expect(publisher.repair.counts.droppedLateAudio == 0)
        #expect(publisher.shift(.audio).most < 20 && publisher.shift(.audio).least > -20)
    }

    @Test func `audio that is sent twice is dropped`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 2000)
        let before = publisher.frames(.audio).count
        for count in Int64(57)..<120 { publisher.sendAudio(count * 1024 * 1000 / 44100) }
        #expect(publisher.repair.counts.droppedLateAudio > 20)
        #expect(publisher.repair.counts.anchors == 1)
        let times = publisher.frames(.audio).map(\.decodeTime)
        #expect(times.dropFirst(before).count >= 32)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 1008 })
    }

    // MARK: Reconnects and configurations

    @Test(arguments: [Int64(0), 2000, 30_000]) func `a reconnect goes on behind what there is`(gap: Int64) throws {
        var publisher = try Publisher(firstDiscontinuitySequence: 7)
        publisher.stream(from: 100_000, milliseconds: 5000)
        let end = publisher.repair.endMilliseconds
        publisher.now += gap
        publisher.repair.connectionBegan()
        let before = publisher.frames.count
        publisher.stream(from: 0, milliseconds: 5000)
        #expect(publisher.frames.prefix(before).allSatisfy { $0.discontinuitySequence == 7 })
        #expect(publisher.frames.dropFirst(before).allSatisfy { $0.discontinuitySequence == 8 })
        let first = publisher.frames[before]
        #expect(Publisher.milliseconds(first) >= Double(end) - 1)
        #expect(abs(Publisher.milliseconds(first) - Double(max(end, 5000 + gap))) <= 1)
        let (video, audio) = (publisher.shift(.video, from: before), publisher.shift(.audio, from: before))
        #expect(abs(video.least - audio.least) < 2)
    }

    @Test func `a reconnect that begins with audio drops pictures until a keyframe`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 1500)
        publisher.repair.connectionBegan()
        publisher.now += 1000
        #expect(publisher.sendAudio(0)?.discontinuitySequence == 1)
        #expect(publisher.sendVideo(10) == nil)
        #expect(publisher.sendVideo(50, keyframe: true)?.discontinuitySequence == 1)
        #expect(publisher.sendVideo(90)?.discontinuitySequence == 1)
    }

    @Test func `a new video configuration begins at a keyframe`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 1000)
        publisher.video = Track(.avc(try ParameterSetSample.hd1080.configuration))
        #expect(publisher.sendVideo(1000) == nil)
        #expect(publisher.sendAudio(1021)?.discontinuitySequence == 0)
        #expect(publisher.sendVideo(1040, keyframe: true)?.discontinuitySequence == 1)
        #expect(publisher.sendAudio(1044)?.discontinuitySequence == 1)
        #expect(publisher.frames(.video).last?.decodeTime == Int64(1040 * 90))
    }

    @Test func `an equal configuration is the same track`() throws {
        var publisher = try Publisher()
        let track = publisher.video
        publisher.sendVideo(0, keyframe: true)
        publisher.video = Track(.avc(try ParameterSetSample.hd720.configuration))
        let frame = publisher.sendVideo(40)
        #expect(frame?.track === track)
        #expect(frame?.discontinuitySequence == 0)
    }

    @Test func `both configurations changing is one discontinuity`() throws {
        for audioFirst in [true, false] {
            var publisher = try Publisher()
            publisher.stream(from: 0, milliseconds: 1000)
            publisher.audio = Track(.aac(try AACConfiguration(specificConfig: [0x11, 0x90])))
            publisher.video = Track(.avc(try ParameterSetSample.hd1080.configuration))
            if audioFirst { publisher.sendAudio(1021) }
            publisher.sendVideo(1000, keyframe: true)
            publisher.sendAudio(1042)
            #expect(publisher.frames.suffix(2).map(\.discontinuitySequence) == [1, 1])
            #expect(publisher.frames.last.map { abs(Publisher.milliseconds($0) - 1042) < 30 } == true)
        }
    }

    @Test func `a new audio configuration waits for nothing and the pictures for a keyframe`() throws {
        var publisher = try Publisher()
        publisher.stream(from: 0, milliseconds: 1020)
        publisher.audio = Track(.aac(try AACConfiguration(specificConfig: [0x11, 0x90])))
        #expect(publisher.sendAudio(1021)?.discontinuitySequence == 1)
        #expect(publisher.sendVideo(1040) == nil)
        #expect(publisher.sendVideo(1080, keyframe: true)?.discontinuitySequence == 1)
    }

    @Test func `composition offsets that cannot be are zero`() throws {
        var publisher = try Publisher()
        #expect(publisher.sendVideo(0, cts: 8_388_607, keyframe: true)?.compositionOffset == 0)
        #expect(publisher.sendVideo(40, cts: .min)?.compositionOffset == 0)
        #expect(publisher.sendVideo(80, cts: -80)?.compositionOffset == -7200)
        #expect(publisher.repair.counts.refusedCompositionOffsets == 2)
    }
}
