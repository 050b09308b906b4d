import Bytes
import Media
import TestKit
import Testing

@testable import Codecs

@Suite struct AudioTranscoderTests {
    /// Near silence with a click in each second; `rate` and layout as wanted.
    private static func clip(
        rate: Int, layout: String = "stereo", seconds: Int = 4, in directory: TemporaryDirectory
    ) async throws -> SourceClip {
        let count = layout == "mono" ? 1 : layout == "5.1" ? 6 : 2
        let click = "0.6*exp(-pow((mod(n\\,\(rate))-200)/4\\,2))+0.001*sin(n/20)"
        let channels = Array(repeating: click, count: count).joined(separator: "|")
        return try await Pictures.clip(
            [
                "-f", "lavfi", "-i", "aevalsrc=\(channels):c=\(layout):s=\(rate):d=\(seconds)", "-c:a", "aac", "-b:a",
                "192k",
            ], in: directory)
    }

    /// The frames decoded, from time zero on, and where the loudest sample of each second lies.
    private static func clicks(_ frames: [Frame], rate: Int) throws -> [Int] {
        let configuration = try #require(frames.first?.track.aac)
        let decoder = try AudioDecoder(configuration, sampleRate: rate, channelCount: 1)
        var samples: [Float] = []
        for frame in frames {
            let start = MediaTime(ticks: frame.decodeTime, timescale: frame.track.timescale).ticks(in: Int32(rate))
            if samples.isEmpty { samples += repeatElement(0, count: Int(start)) }
            #expect(try decoder.decode(frame.payload) > 0)
            samples += try decoder.takeSamples()[0]
        }
        samples += decoder.drain()[0]
        return (0..<samples.count / rate).map { second in
            let part = second * rate..<(second + 1) * rate
            return part.max { abs(samples[$0]) < abs(samples[$1]) } ?? 0
        }
    }

    private static func transcode(
        _ frames: [Frame], _ transcoder: AudioTranscoder
    ) throws -> [Frame] {
        var made: [Frame] = []
        for frame in frames { made += try transcoder.transcode(frame) }
        return made + transcoder.finish()
    }

    @Test(arguments: [
        (48_000, "stereo", 48_000), (44_100, "stereo", 44_100), (32_000, "mono", 32_000), (48_000, "5.1", 48_000),
        (22_050, "stereo", 32_000), (24_000, "mono", 32_000), (96_000, "stereo", 48_000),
    ]) func `a click is heard when it was heard`(rate: Int, layout: String, newRate: Int) async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Self.clip(rate: rate, layout: layout, in: directory)
        let transcoder = try AudioTranscoder(try #require(clip.audioConfiguration), bitRate: 128_000)
        let frames = try Self.transcode(clip.audio, transcoder)
        let made = try #require(transcoder.track.aac)
        #expect(made.sampleRate == newRate)
        #expect(made.objectType == 2)
        #expect(made.channelCount == (layout == "mono" ? 1 : 2))
        #expect(transcoder.track.timescale == Int32(newRate))
        for (a, b) in zip(frames, frames.dropFirst()) { #expect(b.decodeTime == a.decodeTime + 1024) }
        let before = try Self.clicks(clip.audio, rate: 48_000)
        let after = try Self.clicks(frames, rate: 48_000)
        // What is resampled may peak between two samples.
        for second in 0..<4 { #expect(abs(before[second] - after[second]) <= 1, "\(before) \(after)") }
    }

    @Test func `HE-AAC is heard at its full rate`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Self.clip(rate: 24_000, in: directory)
        // The same access units, announced as HE-AAC: the decoder doubles the rate.
        let configuration = try AACConfiguration(specificConfig: [0x2B, 0x11, 0x88, 0x00])
        #expect(configuration.sampleRate == 48_000 && configuration.samplesPerFrame == 2048)
        let track = Track(.aac(configuration))
        let frames = clip.audio.map {
            Frame(track: track, decodeTime: $0.decodeTime * 2, isKeyframe: true, payload: $0.payload)
        }
        let transcoder = try AudioTranscoder(configuration, bitRate: 128_000)
        let made = try Self.transcode(frames, transcoder)
        #expect(transcoder.track.aac?.sampleRate == 48_000)
        for (a, b) in zip(made, made.dropFirst()) { #expect(b.decodeTime == a.decodeTime + 1024) }
        #expect(abs(made.count - frames.count * 2) <= 2)
        let before = try Self.clicks(frames, rate: 48_000)
        let after = try Self.clicks(made, rate: 48_000)
        for second in 0..<4 { #expect(abs(before[second] - after[second]) <= 1, "\(before) \(after)") }
    }

    @Test func `a transcoder that begins later makes frames of the same times`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Self.clip(rate: 44_100, in: directory)
        let configuration = try #require(clip.audioConfiguration)
        let whole = try Self.transcode(clip.audio, try AudioTranscoder(configuration, bitRate: 96_000))
        for start in [1, 17, 80] {
            let later = try Self.transcode(
                Array(clip.audio[start...]), try AudioTranscoder(configuration, bitRate: 96_000))
            let first = try #require(later.first?.decodeTime)
            #expect(first >= clip.audio[start].decodeTime && first < clip.audio[start].decodeTime + 1024)
            #expect(later.map(\.decodeTime) == whole.map(\.decodeTime).filter { $0 >= first })
        }
    }

    @Test func `jitter changes nothing, a gap becomes silence, a long gap stays one`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Self.clip(rate: 48_000, in: directory)
        let configuration = try #require(clip.audioConfiguration)
        let regular = try Self.transcode(clip.audio, try AudioTranscoder(configuration, bitRate: 96_000))

        var jittery = clip.audio
        for index in jittery.indices { jittery[index].decodeTime += Int64(index * 97 % 301) }
        let smooth = try Self.transcode(jittery, try AudioTranscoder(configuration, bitRate: 96_000))
        #expect(smooth.map(\.payload) == regular.map(\.payload))

        var short = clip.audio
        short.removeSubrange(50..<60)
        let filled = try Self.transcode(short, try AudioTranscoder(configuration, bitRate: 96_000))
        #expect(filled.map(\.decodeTime) == regular.map(\.decodeTime))

        var long = clip.audio
        for index in 50..<long.count { long[index].decodeTime += 480_000 }
        let torn = try Self.transcode(long, try AudioTranscoder(configuration, bitRate: 96_000))
        let steps = zip(torn, torn.dropFirst()).map { $1.decodeTime - $0.decodeTime }
        #expect(steps.filter { $0 != 1024 }.count == 1)
        #expect(torn.allSatisfy { $0.decodeTime % 1024 == 0 })
    }

    @Test func `the discontinuity sequence and the time of receipt go along`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Self.clip(rate: 48_000, in: directory)
        var frames = clip.audio
        for index in frames.indices {
            frames[index].discontinuitySequence = index < 60 ? 4 : 5
            frames[index].receivedUnixMilliseconds = 1_000_000 + Int64(index)
        }
        let made = try Self.transcode(
            frames, try AudioTranscoder(try #require(clip.audioConfiguration), bitRate: 96_000))
        for frame in made {
            let origin = try #require(frames.last { $0.decodeTime <= frame.decodeTime })
            #expect(frame.discontinuitySequence == origin.discontinuitySequence)
            #expect(frame.receivedUnixMilliseconds == origin.receivedUnixMilliseconds)
        }
    }

    @Test func `what is broken throws or is silence, and never crashes`() async throws {
        let directory = try TemporaryDirectory()
        let clip = try await Self.clip(rate: 48_000, layout: "5.1", in: directory)
        let transcoder = try AudioTranscoder(try #require(clip.audioConfiguration), bitRate: 96_000)
        var random = SplitMix64(seed: 3)
        var failures = 0
        var made: [Frame] = []
        for round in 0..<10 {
            for frame in clip.audio {
                var bytes = frame.payload.array
                for _ in 0..<1 + round {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                }
                var broken = frame
                broken.payload = Bytes(bytes)
                broken.decodeTime += Int64(round) * 200_000
                do throws(CodecFailure) {
                    made += try transcoder.transcode(broken)
                } catch .encoding(let reason) {
                    Issue.record("the encoder failed: \(reason)")
                } catch {
                    failures += 1
                }
            }
        }
        #expect(failures > 0)
        made += transcoder.finish()
        for (a, b) in zip(made, made.dropFirst()) { #expect(b.decodeTime >= a.decodeTime + 1024) }
        #expect(made.allSatisfy { $0.decodeTime % 1024 == 0 })
    }
}
