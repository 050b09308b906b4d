import Bytes
import Media
import StreamingCore
import Testing

@testable import IngestService

@Suite struct SourceMeterTests {
    private let begin = WallTime(unixMilliseconds: 1_795_435_200_000)

    private func frame(_ track: Track, _ milliseconds: Int64, isKeyframe: Bool = false, bytes: Int) -> EncoderFrame {
        EncoderFrame(
            track: track, timestampMilliseconds: UInt32(truncatingIfNeeded: milliseconds), isKeyframe: isKeyframe,
            payload: Bytes([UInt8](repeating: 1, count: bytes)))
    }

    private func audio() throws -> Track { Track(.aac(try AACConfiguration(specificConfig: [0x12, 0x10]))) }

    private func video() throws -> Track {
        let sequence: Bytes = [
            0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
            0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
        ]
        return Track(
            .avc(
                try AVCConfiguration(
                    sequenceParameterSets: [sequence], pictureParameterSets: [[0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0]])))
    }

    /// Ten pictures of 1,000 bytes and ten sounds of 100 bytes per second, keyframes every two seconds.
    private func play(
        _ meter: inout SourceMeter, from start: Int64, seconds: Int64, soundGain: Int64 = 0, late: Int64 = 0
    ) throws -> [(bitsPerSecond: Int64, health: SourceHealth)] {
        let (video, audio) = (try video(), try audio())
        var found: [(bitsPerSecond: Int64, health: SourceHealth)] = []
        for step in 0..<seconds * 10 {
            let time = start + step * 100
            let now = begin.adding(milliseconds: time + (step % 10 == 5 ? late : 0))
            if let second = meter.timePassed(begin.adding(milliseconds: time), repairs: 3) { found.append(second) }
            meter.received(frame(video, time, isKeyframe: time % 2000 == 0, bytes: 1000), at: now)
            meter.received(frame(audio, time + step * soundGain / 10, bytes: 100), at: now)
        }
        return found
    }

    @Test func `rates, pictures and keyframes are measured each second`() throws {
        var meter = SourceMeter()
        meter.connectionBegan()
        let seconds = try play(&meter, from: 0, seconds: 8)
        #expect(seconds.count == 7)
        let last = try #require(seconds.last)
        #expect(last.bitsPerSecond == 88_000)
        #expect(last.health.usualBitsPerSecond == 88_000)
        #expect(last.health.picturesPerSecond == 10)
        #expect(last.health.keyframeIntervalMilliseconds == 2000)
        #expect(last.health.audioDriftMilliseconds == 0)
        #expect(last.health.timestampRepairs == 3)
        #expect(last.health.arrivalDelayMilliseconds == 0)
        #expect(seconds[0].health.keyframeIntervalMilliseconds == nil)
    }

    @Test func `a clock of sound that runs fast is seen, and media that waits on its way`() throws {
        var meter = SourceMeter()
        meter.connectionBegan()
        let seconds = try play(&meter, from: 0, seconds: 6, soundGain: 10, late: 70)
        let last = try #require(seconds.last)
        #expect(40...60 ~= last.health.audioDriftMilliseconds)
        #expect(60...80 ~= last.health.arrivalDelayMilliseconds)
    }

    @Test func `a dip is measured against the ten seconds before`() throws {
        var meter = SourceMeter()
        meter.connectionBegan()
        _ = try play(&meter, from: 0, seconds: 12)
        let full = meter.timePassed(begin.adding(milliseconds: 12_000), repairs: 0)
        #expect(full?.bitsPerSecond == 88_000)
        let empty = meter.timePassed(begin.adding(milliseconds: 13_000), repairs: 0)
        let dip = try #require(empty)
        #expect(dip.bitsPerSecond == 0)
        #expect(dip.health.usualBitsPerSecond == 79_200)
    }

    @Test func `nothing is told before the first frame and while nobody is connected`() throws {
        var meter = SourceMeter()
        var found = meter.timePassed(begin, repairs: 0)
        #expect(found == nil)
        meter.connectionBegan()
        found = meter.timePassed(begin.adding(milliseconds: 5000), repairs: 0)
        #expect(found == nil)
        _ = try play(&meter, from: 0, seconds: 2)
        meter.connectionEnded()
        found = meter.timePassed(begin.adding(milliseconds: 9000), repairs: 0)
        #expect(found == nil)
        meter.connectionBegan()
        let seconds = try play(&meter, from: 20_000, seconds: 3)
        #expect(seconds.first?.health.keyframeIntervalMilliseconds == nil, "a connection begins anew")
        #expect(seconds.first?.health.usualBitsPerSecond == 88_000)
    }

    @Test func `clocks that jump, wrap and go back do no harm`() throws {
        var meter = SourceMeter()
        meter.connectionBegan()
        _ = try play(&meter, from: Int64(UInt32.max) - 3000, seconds: 6)
        let (video, audio) = (try video(), try audio())
        let now = begin.adding(milliseconds: Int64(UInt32.max) + 3100)
        for time in [Int64(0), 1 << 31, 5, Int64(UInt32.max), 0] {
            meter.received(frame(video, time, isKeyframe: true, bytes: 1), at: now)
            meter.received(frame(audio, time / 2, bytes: 1), at: now)
        }
        let before = meter.timePassed(begin, repairs: 0)
        #expect(before == nil, "the wall clock was set back")
        let after = meter.timePassed(begin.adding(milliseconds: 1500), repairs: 0)
        let second = try #require(after)
        #expect(abs(second.health.audioDriftMilliseconds) <= SourceMeter.believableMax)
        #expect(second.health.arrivalDelayMilliseconds <= SourceMeter.believableMax)
    }
}
