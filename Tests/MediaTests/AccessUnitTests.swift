import Bytes
import Media
import Testing

@Suite struct AccessUnitTests {
    static let delimiter: Bytes = [0x09, 0xF0]
    static let filler: Bytes = [0x0C, 0xFF, 0xFF, 0x80]
    static let idr: Bytes = [0x65, 0x88, 0x84, 0x00, 0x21, 0x80]
    static let slice: Bytes = [0x41, 0x9A, 0x02, 0x05, 0x80]
    /// Recovery point with `recovery_frame_cnt` 0, then the flags.
    static let recoveryPoint: Bytes = [0x06, 0x06, 0x01, 0xC4, 0x80]
    /// User data with an emulation prevention byte, of which five bytes count, then a recovery point with a count of 3.
    static let userDataAndRecovery: Bytes = [
        0x06, 0x05, 0x05, 0x00, 0x00, 0x03, 0x01, 0x07, 0x08, 0x06, 0x01, 0x24, 0x80,
    ]
    static let userData: Bytes = [0x06, 0x05, 0x03, 0x41, 0x42, 0x43, 0x80]

    static func prefixed(_ units: [Bytes], lengthSize: Int = 4) -> Bytes {
        var writer = ByteWriter()
        for unit in units {
            for byte in stride(from: lengthSize - 1, through: 0, by: -1) {
                writer.write(UInt8(truncatingIfNeeded: unit.count >> (8 * byte)))
            }
            writer.write(unit)
        }
        return writer.finish()
    }

    static func sharesMemory(_ a: Bytes, _ b: Bytes, offset: Int = 0) -> Bool {
        let pointerA = a.withUnsafeBytes { $0.baseAddress }
        let pointerB = b.withUnsafeBytes { $0.baseAddress }
        return pointerA == pointerB.map { $0 + offset }
    }

    @Test func `what needs no change is returned as it is`() throws {
        let payload = Self.prefixed([Self.userData, Self.idr])
        let unit = try AccessUnitNormalizer(lengthSize: 4).normalize(payload)
        #expect(unit.payload == payload)
        #expect(Self.sharesMemory(unit.payload, payload))
        #expect(unit.isIDR && unit.hasPicture && unit.isRandomAccess && !unit.hasParameterSets)
    }

    @Test func `what goes away at the ends only narrows the slice`() throws {
        let sample = ParameterSetSample.hd720
        let kept = Self.prefixed([Self.userData, Self.idr])
        let payload = Self.prefixed(
            [Self.delimiter, sample.sequence, sample.picture, Self.userData, Self.idr, Self.filler, []])
        let unit = try AccessUnitNormalizer(lengthSize: 4).normalize(payload)
        #expect(unit.payload == kept)
        #expect(
            Self.sharesMemory(unit.payload, payload, offset: 6 + 4 + sample.sequence.count + 4 + sample.picture.count))
        #expect(unit.sequenceParameterSets == [sample.sequence])
        #expect(unit.pictureParameterSets == [sample.picture])
    }

    @Test func `what goes away in the middle is cut out`() throws {
        let payload = Self.prefixed([Self.userData, [], Self.delimiter, Self.slice, Self.filler, Self.slice])
        let unit = try AccessUnitNormalizer(lengthSize: 4).normalize(payload)
        #expect(unit.payload == Self.prefixed([Self.userData, Self.slice, Self.slice]))
        #expect(unit.hasPicture && !unit.isIDR && !unit.isRandomAccess)
    }

    @Test(arguments: 1...4) func `every length size becomes four bytes`(lengthSize: Int) throws {
        let payload = Self.prefixed([Self.delimiter, Self.idr, [], Self.slice], lengthSize: lengthSize)
        let unit = try AccessUnitNormalizer(lengthSize: lengthSize).normalize(payload)
        #expect(unit.payload == Self.prefixed([Self.idr, Self.slice]))
        #expect(unit.isIDR)
    }

    @Test(arguments: 1...4) func `a byte stream is recognised whatever was announced`(lengthSize: Int) throws {
        let stream = AnnexB.stream(of: [Self.delimiter, Self.userData, Self.idr, Self.slice])
        let unit = try AccessUnitNormalizer(lengthSize: lengthSize).normalize(stream)
        #expect(unit.payload == Self.prefixed([Self.userData, Self.idr, Self.slice]))
        let short = Bytes([0, 0, 1] + Self.idr.array + [0, 0, 1] + Self.slice.array + [0, 0, 0])
        #expect(
            try AccessUnitNormalizer(lengthSize: lengthSize).normalize(short).payload
                == Self.prefixed([Self.idr, Self.slice]))
    }

    @Test func `a length that looks like a start code is a length`() throws {
        let long = Bytes([0x41] + [UInt8](repeating: 0x55, count: 299))  // length 00 00 01 2C
        let payload = Self.prefixed([long])
        #expect(AnnexB.begins(payload))
        let unit = try AccessUnitNormalizer(lengthSize: 4).normalize(payload)
        #expect(unit.payload == payload)
        let end = Self.prefixed([[0x0A], Self.slice])  // length 00 00 00 01
        #expect(try AccessUnitNormalizer(lengthSize: 4).normalize(end).payload == end)
    }

    @Test func `a start code that would fit as a length is a start code`() throws {
        // 00 00 01 41 as a length is 321, and just so many bytes follow.
        let unit = Bytes([0x41, 0x9A] + [UInt8](repeating: 0x55, count: 320))
        let stream = Bytes([0, 0, 1] + unit.array)
        let read = try AccessUnitNormalizer(lengthSize: 4).normalize(stream)
        #expect(read.hasPicture)
        #expect(read.payload == Self.prefixed([unit]))
    }

    @Test func `access units without a picture say so`() throws {
        for units in [[], [[]], [Self.delimiter], [Self.userData], [Self.filler, Self.delimiter], [[], [], []]] {
            let unit = try AccessUnitNormalizer(lengthSize: 4).normalize(Self.prefixed(units))
            #expect(!unit.hasPicture)
            #expect(!unit.isRandomAccess)
        }
    }

    @Test func `finds recovery points`() throws {
        let normalizer = AccessUnitNormalizer(lengthSize: 4)
        let open = try normalizer.normalize(Self.prefixed([Self.recoveryPoint, Self.slice]))
        #expect(open.recoveryFrameCount == 0)
        #expect(open.isRandomAccess && !open.isIDR)
        let refresh = try normalizer.normalize(Self.prefixed([Self.userDataAndRecovery, Self.slice]))
        #expect(refresh.recoveryFrameCount == 3)
        #expect(try !normalizer.normalize(Self.prefixed([Self.recoveryPoint])).isRandomAccess)
    }

    @Test func `tells what is wrong`() throws {
        let normalizer = AccessUnitNormalizer(lengthSize: 4)
        #expect(throws: AVCFailure.unitPastEnd(length: 6, available: 5)) {
            try normalizer.normalize([0, 0, 0, 6, 0x65, 1, 2, 3, 4])
        }
        #expect(throws: AVCFailure.unitPastEnd(length: 0xFFFF_FFFF, available: 1)) {
            try normalizer.normalize([0xFF, 0xFF, 0xFF, 0xFF, 0x65])
        }
        #expect(throws: AVCFailure.truncated) { try normalizer.normalize(Self.prefixed([Self.idr]) + [1, 2]) }
        #expect(try normalizer.normalize(Self.prefixed([Self.idr]) + [0, 0]).payload == Self.prefixed([Self.idr]))
        let many = [Bytes](repeating: Self.slice, count: AVCLimits.unitsPerAccessUnitMax + 1)
        #expect(throws: AVCFailure.tooManyUnits(limit: AVCLimits.unitsPerAccessUnitMax)) {
            try normalizer.normalize(Self.prefixed(many))
        }
        #expect(throws: AVCFailure.tooManyUnits(limit: AVCLimits.unitsPerAccessUnitMax)) {
            try normalizer.normalize(AnnexB.stream(of: many))
        }
    }

    @Test(arguments: 1...4) func `survives a cut at every length and mutation`(lengthSize: Int) throws {
        let normalizer = AccessUnitNormalizer(lengthSize: lengthSize)
        let units = [Self.delimiter, Self.userDataAndRecovery, Self.idr, Self.slice, Self.filler]
        var random = SplitMix64(state: 5)
        for payload in [Self.prefixed(units, lengthSize: lengthSize), AnnexB.stream(of: units)] {
            for length in 0..<payload.count { _ = try? normalizer.normalize(payload.prefix(length)) }
            for _ in 0..<2000 {
                var bytes = payload.array
                for _ in 0..<2 {
                    bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                }
                guard let unit = try? normalizer.normalize(Bytes(bytes)) else { continue }
                // Whatever came in, what goes out can be walked to its end and needs no second change.
                let again = try AccessUnitNormalizer(lengthSize: 4).normalize(unit.payload)
                #expect(again.payload == unit.payload)
                #expect(again.hasPicture == unit.hasPicture)
            }
        }
    }

    @Test func `a byte stream is split as it was joined`() throws {
        var random = SplitMix64(state: 9)
        for _ in 0..<300 {
            let units = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                // Without zeros there is nothing to emulate a start code.
                Bytes((0..<Int.random(in: 1...9, using: &random)).map { _ in .random(in: 2...255, using: &random) })
            }
            var walk = AnnexB(AnnexB.stream(of: units))
            var found: [Bytes] = []
            while let unit = try walk.next() { found.append(unit.bytes) }
            #expect(found == units)
        }
    }
}

private func + (left: Bytes, right: [UInt8]) -> Bytes { Bytes(left.array + right) }
