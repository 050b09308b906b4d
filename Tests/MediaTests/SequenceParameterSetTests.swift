import Bytes
import Media
import Testing

@Suite struct SequenceParameterSetTests {
    @Test(arguments: ParameterSetSample.all) func `reads what a real encoder writes`(sample: ParameterSetSample) throws
    {
        let sequence = try SequenceParameterSet(sample.sequence)
        #expect(sequence.size == sample.size)
        #expect(sequence.displaySize == sample.displaySize)
        #expect(sequence.frameRate == sample.frameRate)
        #expect(sequence.chromaFormat == sample.chromaFormat)
        #expect(sequence.lumaBitDepth == sample.bitDepth)
        #expect(sequence.chromaBitDepth == sample.bitDepth)
        #expect(sequence.isProgressive == sample.isProgressive)
        #expect(sequence.reorderFramesMax == sample.reorderFrames)
        #expect(sequence.id == 0)
    }

    @Test func `reads the colour description`() throws {
        let sample = try #require(ParameterSetSample.all.first { $0.name == "colour and HRD" })
        let usability = try #require(try SequenceParameterSet(sample.sequence).usability)
        #expect(usability.colour?.primaries == 1)
        #expect(usability.colour?.transfer == 1)
        #expect(usability.colour?.matrix == 1)
        #expect(!usability.isFullRange)
        #expect(!usability.isFixedFrameRate)
        #expect(usability.decodedFramesMax == 4)
    }

    @Test(arguments: ParameterSetSample.all) func `survives a cut at every length`(sample: ParameterSetSample) {
        for length in 0..<sample.sequence.count {
            // Cut inside the usability part, the size is still read; cut before it, there is an error.
            if let sequence = try? SequenceParameterSet(sample.sequence.prefix(length)) {
                #expect(sequence.size == sample.size)
            }
        }
    }

    @Test(arguments: ParameterSetSample.all) func `survives mutation`(sample: ParameterSetSample) {
        var random = SplitMix64(state: 7)
        for _ in 0..<2000 {
            var bytes = sample.sequence.array
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 1..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let sequence = try? SequenceParameterSet(Bytes(bytes)) else { continue }
            #expect((1...AVCLimits.pictureSideMax).contains(sequence.size.width))
            #expect((1...AVCLimits.pictureSideMax).contains(sequence.size.height))
            #expect(sequence.displaySize.width > 0)
        }
    }

    @Test func `survives noise`() {
        var random = SplitMix64(state: 11)
        for _ in 0..<3000 {
            let noise = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                // Few bits set make long Exp-Golomb codes, many make short ones.
                UInt8.random(in: 0...255, using: &random) & UInt8.random(in: 0...255, using: &random)
            }
            _ = try? SequenceParameterSet(Bytes([0x67, 100, 0, 31] + noise))
        }
    }

    @Test func `refuses another unit, no bytes and far too many`() {
        #expect(throws: AVCFailure.unexpectedUnitType(8)) { try SequenceParameterSet([0x68, 1, 2, 3]) }
        #expect(throws: AVCFailure.truncated) { try SequenceParameterSet([]) }
        let long = Bytes([0x67] + [UInt8](repeating: 1, count: AVCLimits.parameterSetBytesMax))
        #expect(throws: AVCFailure.parameterSetsTooLong(4097, limit: 4096)) { try SequenceParameterSet(long) }
    }

    @Test func `refuses a picture that is too wide`() throws {
        // Baseline, id 0, frame_num 4 bits, order type 2, one reference, then pic_width_in_mbs_minus1 = 1024.
        var bits = BitWriter()
        bits.write(66, count: 8)
        bits.write(0, count: 8)
        bits.write(31, count: 8)
        for value in [0, 0, 2, 1] { bits.writeExponential(value) }
        bits.write(0, count: 1)
        bits.writeExponential(1024)
        #expect(throws: AVCFailure.valueOutOfRange(field: "pic_width_in_mbs_minus1", value: 1024)) {
            try SequenceParameterSet(Bytes([0x67] + bits.bytes))
        }
    }

    @Test func `refuses cropping that leaves nothing`() throws {
        var bits = BitWriter()
        bits.write(66, count: 8)
        bits.write(0, count: 8)
        bits.write(31, count: 8)
        for value in [0, 0, 2, 1] { bits.writeExponential(value) }
        bits.write(0, count: 1)
        for value in [0, 0] { bits.writeExponential(value) }
        bits.write(0b111, count: 3)
        for value in [4, 4, 0, 0] { bits.writeExponential(value) }
        bits.write(0b01000000, count: 8)
        #expect(throws: AVCFailure.unusablePictureSize(width: 0, height: 16)) {
            try SequenceParameterSet(Bytes([0x67] + bits.bytes))
        }
    }
}

/// Writes bit fields, for parameter sets that no encoder would make.
struct BitWriter {
    private(set) var bits: [Bool] = []

    mutating func write(_ value: Int, count: Int) {
        for shift in stride(from: count - 1, through: 0, by: -1) { bits.append(value >> shift & 1 == 1) }
    }

    mutating func writeExponential(_ value: Int) {
        let length = (value + 1).bitWidth - (value + 1).leadingZeroBitCount
        write(0, count: length - 1)
        write(value + 1, count: length)
    }

    /// The bits, filled up with zeros.
    var bytes: [UInt8] {
        stride(from: 0, to: bits.count, by: 8).map { start in
            (0..<8).reduce(UInt8(0)) { $0 << 1 | (start + $1 < bits.count && bits[start + $1] ? 1 : 0) }
        }
    }
}
