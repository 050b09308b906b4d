import Bytes
import Media
import Testing

@Suite struct AACConfigurationTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var config: String
        var codec: String
        var rate: Int
        var core: Int
        var channels: Int
        var samples: Int
        var testDescription: String { name }
    }

    /// The first six are FFmpeg's, the others follow ISO/IEC 14496-3 bit by bit.
    static let samples = [
        Sample(
            name: "LC stereo", config: "121056e500", codec: "mp4a.40.2", rate: 44100, core: 44100, channels: 2,
            samples: 1024),
        Sample(
            name: "LC mono", config: "118856e500", codec: "mp4a.40.2", rate: 48000, core: 48000, channels: 1,
            samples: 1024),
        Sample(
            name: "LC 5.1", config: "11b056e500", codec: "mp4a.40.2", rate: 48000, core: 48000, channels: 6,
            samples: 1024),
        Sample(
            name: "LC 7.1", config: "11b856e500", codec: "mp4a.40.2", rate: 48000, core: 48000, channels: 8,
            samples: 1024),
        Sample(
            name: "lowest rate", config: "160856e500", codec: "mp4a.40.2", rate: 7350, core: 7350, channels: 1,
            samples: 1024),
        Sample(
            name: "program config element", config: "118004c4040021100d4c61766335392e33372e31303056e500",
            codec: "mp4a.40.2", rate: 48000, core: 48000, channels: 4, samples: 1024),
        Sample(
            name: "two bytes", config: "1190", codec: "mp4a.40.2", rate: 48000, core: 48000, channels: 2,
            samples: 1024),
        Sample(
            name: "960 samples", config: "1194", codec: "mp4a.40.2", rate: 48000, core: 48000, channels: 2, samples: 960
        ),
        Sample(
            name: "HE-AAC", config: "2b118800", codec: "mp4a.40.5", rate: 48000, core: 24000, channels: 2,
            samples: 2048),
        Sample(
            name: "HE-AAC v2", config: "eb098800", codec: "mp4a.40.29", rate: 48000, core: 24000, channels: 2,
            samples: 2048),
        Sample(
            name: "HE-AAC, compatible", config: "131056e598", codec: "mp4a.40.5", rate: 48000, core: 24000,
            channels: 2, samples: 2048),
        Sample(
            name: "HE-AAC v2, compatible", config: "130856e59d4880", codec: "mp4a.40.29", rate: 48000, core: 24000,
            channels: 2, samples: 2048),
        // 00010 1111 000000001010110001000100 0010 000: rate 44100 written out
        Sample(
            name: "explicit rate", config: "178056 2210", codec: "mp4a.40.2", rate: 44100, core: 44100, channels: 2,
            samples: 1024),
    ]

    @Test(arguments: samples) func `reads the configuration`(sample: Sample) throws {
        let configuration = try AACConfiguration(specificConfig: hexadecimal(sample.config))
        #expect(configuration.codecString == sample.codec)
        #expect(configuration.sampleRate == sample.rate)
        #expect(configuration.coreSampleRate == sample.core)
        #expect(configuration.channelCount == sample.channels)
        #expect(configuration.samplesPerFrame == sample.samples)
        #expect(configuration.specificConfig == hexadecimal(sample.config))
        #expect(Track(.aac(configuration)).timescale == Int32(sample.rate))
    }

    @Test(arguments: samples) func `survives a cut at every length and mutation`(sample: Sample) {
        let config = hexadecimal(sample.config)
        for length in 0..<config.count { _ = try? AACConfiguration(specificConfig: config.prefix(length)) }
        var random = SplitMix64(state: 2)
        for _ in 0..<2000 {
            var bytes = config.array
            for _ in 0..<2 {
                bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let read = try? AACConfiguration(specificConfig: Bytes(bytes)) else { continue }
            #expect((7350...96000).contains(read.sampleRate))
            #expect((1...8).contains(read.channelCount))
            #expect([960, 1024, 1920, 2048].contains(read.samplesPerFrame))
            #expect(read.adtsHeader(payloadLength: 100).count == 7)
        }
    }

    @Test func `refuses what is no usable AAC`() {
        #expect(throws: AACFailure.truncated) { try AACConfiguration(specificConfig: []) }
        #expect(throws: AACFailure.truncated) { try AACConfiguration(specificConfig: [0x12]) }
        // Object type 31 + 0 = 32, MPEG-1 layer 1.
        #expect(throws: AACFailure.unsupportedObjectType(32)) {
            try AACConfiguration(specificConfig: [0xF8, 0x08, 0x40, 0, 0, 0])
        }
        #expect(throws: AACFailure.reservedSamplingFrequencyIndex(13)) {
            try AACConfiguration(specificConfig: [0x16, 0x90])
        }
        #expect(throws: AACFailure.sampleRateOutOfRange(1)) {
            try AACConfiguration(specificConfig: [0x17, 0x80, 0, 0, 0x90])
        }
        #expect(throws: AACFailure.unusableChannelConfiguration(8)) {
            try AACConfiguration(specificConfig: [0x12, 0x40])
        }
        #expect(throws: AACFailure.unusableExtensionRate(44100, core: 24000)) {
            try AACConfiguration(specificConfig: [0x2B, 0x12, 0x08, 0])
        }
        #expect(throws: AACFailure.configurationTooLong(513, limit: 512)) {
            try AACConfiguration(specificConfig: Bytes([UInt8](repeating: 0x12, count: 513)))
        }
    }

    @Test func `reads the header that FFmpeg writes, and writes it`() throws {
        let wire = hexadecimal("fff150802b3ffcde0200")
        let header = try ADTSHeader(wire)
        #expect(header.objectType == 2)
        #expect(header.sampleRate == 44100)
        #expect(header.channelConfiguration == 2)
        #expect(header.headerLength == 7)
        #expect(header.frameLength == 345)
        #expect(header.blockCount == 1)
        #expect(header.serialized == wire.prefix(7))
        let configuration = try AACConfiguration(adtsHeader: header)
        #expect(configuration.specificConfig == [0x12, 0x10])
        #expect(configuration.adtsHeader(payloadLength: 338) == wire.prefix(7))
    }

    @Test func `an ADTS header describes the core of HE-AAC`() throws {
        let configuration = try AACConfiguration(specificConfig: hexadecimal("2b118800"))
        let header = try ADTSHeader(configuration.adtsHeader(payloadLength: 10))
        #expect(header.sampleRate == 24000)
        #expect(header.objectType == 2)
        #expect(header.frameLength == 17)
    }

    @Test func `the length field of ADTS ends at 8191`() throws {
        let configuration = try AACConfiguration(specificConfig: [0x11, 0x90])
        for length in [ADTSHeader.payloadBytesMax, ADTSHeader.payloadBytesMax + 1, 1 << 40] {
            #expect(try ADTSHeader(configuration.adtsHeader(payloadLength: length)).frameLength == 8191)
        }
    }

    @Test func `refuses headers that are none`() {
        #expect(throws: AACFailure.noADTSSync) { try ADTSHeader(hexadecimal("21105080 2b3ffc")) }
        #expect(throws: AACFailure.truncated) { try ADTSHeader(hexadecimal("fff150802b3f")) }
        #expect(throws: AACFailure.adtsFrameTooShort(0)) { try ADTSHeader(hexadecimal("fff15080001ffc")) }
        #expect(throws: AACFailure.reservedSamplingFrequencyIndex(15)) { try ADTSHeader(hexadecimal("fff17c802b3ffc")) }
    }
}
