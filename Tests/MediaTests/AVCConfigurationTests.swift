import Bytes
import Media
import Testing

@Suite struct AVCConfigurationTests {
    @Test(arguments: ParameterSetSample.all) func `round trip through the record`(sample: ParameterSetSample) throws {
        let configuration = try sample.configuration
        #expect(configuration.codecString == sample.codec)
        let record = try AVCDecoderConfigurationRecord(configuration.decoderConfigurationRecord)
        #expect(record.lengthSize == 4)
        #expect(try AVCConfiguration(record: record) == configuration)
    }

    @Test func `writes the record that FFmpeg writes`() throws {
        #expect(
            try ParameterSetSample.hd1080.configuration.decoderConfigurationRecord
                == hexadecimal(
                    "01640028ffe1001b67640028acd940780227e5c044000003000400000300f03c60c658010006"
                        + "68ebe3cb22c0fdf8f800"))
        #expect(
            try ParameterSetSample.hd720.configuration.decoderConfigurationRecord
                == hexadecimal("0142c01fffe100196742c01fd9005005bb011000000300100000030320f183248001000568cb83cb20"))
    }

    @Test func `reads a record without sets, and one that ends before the picture sets`() throws {
        let empty = try AVCDecoderConfigurationRecord(hexadecimal("01640028fde000"))
        #expect(empty.lengthSize == 2)
        #expect(empty.sequenceParameterSets.isEmpty)
        #expect(empty.pictureParameterSets.isEmpty)
        #expect(throws: AVCFailure.noSequenceParameterSet) { try AVCConfiguration(record: empty) }
        let half = try AVCDecoderConfigurationRecord(hexadecimal("01640028ffe1000467640028"))
        #expect(half.sequenceParameterSets.count == 1)
        #expect(throws: AVCFailure.noPictureParameterSet) { try AVCConfiguration(record: half) }
    }

    @Test func `leaves out empty sets and sets of another kind`() throws {
        let record = try AVCDecoderConfigurationRecord(hexadecimal("01640028ffe3 0000 0002 09f0 0004 67640028 00"))
        #expect(record.sequenceParameterSets == [hexadecimal("67640028")])
    }

    @Test func `refuses another version`() {
        #expect(throws: AVCFailure.unknownRecordVersion(0)) { try AVCDecoderConfigurationRecord([0, 0, 0, 1, 0x67]) }
    }

    @Test(arguments: ParameterSetSample.all) func `survives a cut at every length`(sample: ParameterSetSample) throws {
        let record = try sample.configuration.decoderConfigurationRecord
        for length in 0..<record.count { _ = try? AVCDecoderConfigurationRecord(record.prefix(length)) }
    }

    @Test func `survives mutation`() throws {
        let record = try ParameterSetSample.hd1080.configuration.decoderConfigurationRecord.array
        var random = SplitMix64(state: 3)
        for _ in 0..<5000 {
            var bytes = record
            for _ in 0..<3 {
                bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let read = try? AVCDecoderConfigurationRecord(Bytes(bytes)) else { continue }
            _ = try? AVCConfiguration(record: read).decoderConfigurationRecord
        }
    }

    @Test func `keeps one of equal sets`() throws {
        let sample = ParameterSetSample.hd720
        let configuration = try AVCConfiguration(
            sequenceParameterSets: [sample.sequence, sample.sequence],
            pictureParameterSets: [sample.picture, sample.picture])
        #expect(try configuration == sample.configuration)
    }

    @Test func `counts sets and their bytes`() {
        let sample = ParameterSetSample.hd720
        #expect(throws: AVCFailure.tooManyParameterSets(32, limit: 31)) {
            try AVCConfiguration(
                sequenceParameterSets: [Bytes](repeating: sample.sequence, count: 32),
                pictureParameterSets: [sample.picture])
        }
        let long = Bytes([0x68] + [UInt8](repeating: 5, count: 4000))
        #expect(throws: AVCFailure.parameterSetsTooLong(20 * 4001 + 25, limit: 65_535)) {
            try AVCConfiguration(
                sequenceParameterSets: [sample.sequence],
                pictureParameterSets: [Bytes](repeating: long, count: 20))
        }
    }

    @Test func `parameter sets in the stream change the configuration only when they are new`() throws {
        let old = ParameterSetSample.hd720
        let new = ParameterSetSample.hd1080
        let configuration = try old.configuration
        #expect(
            try configuration.updated(sequenceParameterSets: [old.sequence], pictureParameterSets: [old.picture]) == nil
        )
        #expect(try configuration.updated(sequenceParameterSets: [], pictureParameterSets: []) == nil)
        // Both have the id 0, so that they replace the old ones.
        let updated = try #require(
            try configuration.updated(sequenceParameterSets: [new.sequence], pictureParameterSets: [new.picture]))
        #expect(try updated == new.configuration)
        // A picture parameter set with the id 1 (code 010).
        let second: Bytes = [0x68, 0x4E, 0x0F]
        let both = try #require(
            try configuration.updated(sequenceParameterSets: [], pictureParameterSets: [second]))
        #expect(both.pictureParameterSets == [old.picture, second])
    }

    @Test func `a configuration does not hold on to the buffer it came from`() throws {
        let sample = ParameterSetSample.hd720
        var writer = ByteWriter(capacity: 1 << 20)
        writer.write(sample.sequence)
        writer.write(repeating: 0, count: 1 << 20)
        let inBuffer = writer.finish()[0..<sample.sequence.count]
        let configuration = try AVCConfiguration(
            sequenceParameterSets: [inBuffer], pictureParameterSets: [sample.picture])
        let (kept, given) = (
            configuration.sequenceParameterSets[0].withUnsafeBytes { $0.baseAddress },
            inBuffer.withUnsafeBytes { $0.baseAddress }
        )
        #expect(kept != given)
    }
}
