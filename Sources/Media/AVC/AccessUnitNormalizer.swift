public import Bytes

/// Brings access units as encoders send them into the one form that the rest of the system reads.
///
/// Encoders announce length sizes of 1 to 4 bytes, or announce lengths and send a byte stream. The usual case, 4-byte
/// lengths with nothing to leave out, is found out in one walk over the lengths and returns the very same `Bytes`. What
/// has to be left out at the front or at the end only narrows the slice. The rest is copied.
public struct AccessUnitNormalizer: Sendable {
    /// How many bytes a length has, 1 to 4.
    public let lengthSize: Int

    /// - Parameter lengthSize: What the decoder configuration record says, 1 to 4.
    public init(lengthSize: Int) {
        precondition(lengthSize >= 1 && lengthSize <= 4, "a NAL unit length has 1 to 4 bytes")
        self.lengthSize = lengthSize
    }

    /// Reads one access unit.
    ///
    /// The bytes count as a byte stream when they begin with a start code and make no sense as lengths. A length that
    /// looks like a start code is common (4 bytes, a unit of 256 to 511 bytes), so that lengths come first.
    ///
    /// - Throws: `AVCFailure.accessUnitTooLong`, `.tooManyUnits`, `.unitPastEnd` or `.truncated`. The next access
    ///   unit can be read all the same.
    public func normalize(_ payload: Bytes) throws(AVCFailure) -> AccessUnit {
        guard payload.count <= AVCLimits.accessUnitBytesMax else {
            throw .accessUnitTooLong(payload.count, limit: AVCLimits.accessUnitBytesMax)
        }
        let mayBeStream = AnnexB.begins(payload)
        if mayBeStream && !beginsWithLength(payload) { return try readByteStream(payload) }
        do throws(AVCFailure) {
            return try readLengthPrefixed(payload)
        } catch {
            guard mayBeStream else { throw error }
        }
        return try readByteStream(payload)
    }

    /// Whether bytes that begin with a start code may begin with a length all the same.
    ///
    /// Shorter lengths than four bytes would begin with empty units there. Behind `00 00 01` and a slice's header comes
    /// a slice that begins with a set bit, where a length would be followed by a header's `forbidden_zero_bit`.
    private func beginsWithLength(_ payload: Bytes) -> Bool {
        lengthSize == 4 && (payload.count < 5 || payload[4] & 0x80 == 0)
    }

    /// Room for the bytes that short lengths and start codes gain when they become 4-byte lengths.
    private static let growth = 64

    private func readLengthPrefixed(_ payload: Bytes) throws(AVCFailure) -> AccessUnit {
        var unit = AccessUnit()
        var walk = LengthPrefixedNALUnits(payload, lengthSize: lengthSize)
        // The bytes from the first unit to keep to the last, and how many of them belong to units to keep.
        var keptRange: Range<Int>?
        var keptBytes = 0
        while let range = try walk.nextRange() {
            guard let nalUnit = NALUnit(payload[range]), unit.meets(nalUnit) else { continue }
            let start = range.lowerBound - lengthSize
            keptBytes += range.upperBound - start
            keptRange = (keptRange?.lowerBound ?? start)..<range.upperBound
        }
        guard let keptRange else { return unit }
        if lengthSize == 4 && keptBytes == keptRange.count {
            unit.payload = keptRange.count == payload.count ? payload : payload[keptRange]
        } else {
            unit.payload = try rewritten(payload)
        }
        return unit
    }

    private func rewritten(_ payload: Bytes) throws(AVCFailure) -> Bytes {
        var walk = LengthPrefixedNALUnits(payload, lengthSize: lengthSize)
        var writer = ByteWriter(capacity: payload.count + Self.growth)
        while let nalUnit = try walk.next() {
            if AccessUnit.carries(nalUnit.type) { writer.write(nalUnit) }
        }
        return writer.finish()
    }

    private func readByteStream(_ stream: Bytes) throws(AVCFailure) -> AccessUnit {
        var unit = AccessUnit()
        var walk = AnnexB(stream)
        var writer = ByteWriter(capacity: stream.count + Self.growth)
        while let nalUnit = try walk.next() {
            if unit.meets(nalUnit) { writer.write(nalUnit) }
        }
        unit.payload = writer.finish()
        return unit
    }
}

extension AccessUnit {
    /// Whether units of a type belong into the payload.
    ///
    /// Parameter sets travel in the configuration: `avc1` tracks have none in their samples. Delimiters and filler say
    /// nothing to a decoder; a writer of transport streams makes its own delimiters.
    static func carries(_ type: NALUnitType) -> Bool {
        switch type {
        case .sequenceParameterSet, .pictureParameterSet, .accessUnitDelimiter, .fillerData: false
        default: true
        }
    }

    /// Takes note of a unit, and says whether it belongs into the payload.
    fileprivate mutating func meets(_ unit: NALUnit) -> Bool {
        let type = unit.type
        switch type {
        case .sliceIDR:
            hasPicture = true
            isIDR = true
        case .sequenceParameterSet: sequenceParameterSets.append(unit.bytes)
        case .pictureParameterSet: pictureParameterSets.append(unit.bytes)
        case .sei: recoveryFrameCount = recoveryFrameCount ?? RecoveryPoint.frameCount(in: unit)
        default: if type.isPicture { hasPicture = true }
        }
        return Self.carries(type)
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ unit: NALUnit) {
        write(UInt32(unit.bytes.count))
        write(unit.bytes)
    }
}
