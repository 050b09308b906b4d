public import Bytes

// Length-prefixed NAL units (ISO/IEC 14496-15, 4.3.3), the form of FLV and MP4
//
// +----------------+-----------+----------------+-----------+- -
// | length (1...4) | NAL unit  | length (1...4) | NAL unit  |
// +----------------+-----------+----------------+-----------+- -

/// Walks the NAL units of an access unit whose units stand behind their lengths.
///
/// Empty units, which DJI encoders send, are skipped. So are the bytes behind the last unit when they are zero and
/// too few to be a length.
public struct LengthPrefixedNALUnits: Sendable {
    private let payload: Bytes
    private let lengthSize: Int
    /// Where the next length begins.
    public private(set) var position = 0
    private var seen = 0

    /// - Parameters:
    ///   - payload: One access unit.
    ///   - lengthSize: How many bytes a length has, 1 to 4.
    public init(_ payload: Bytes, lengthSize: Int) {
        precondition(lengthSize >= 1 && lengthSize <= 4, "a NAL unit length has 1 to 4 bytes")
        self.payload = payload
        self.lengthSize = lengthSize
    }

    /// The next unit that is not empty, sharing the memory.
    ///
    /// - Returns: `nil` behind the last one.
    /// - Throws: `AVCFailure.unitPastEnd`, `.truncated` or `.tooManyUnits`; the walk is over then.
    public mutating func next() throws(AVCFailure) -> NALUnit? {
        while let range = try nextRange() {
            if let unit = NALUnit(payload[range]) { return unit }
        }
        return nil
    }

    /// Where the next unit lies in the payload, which may be an empty range.
    mutating func nextRange() throws(AVCFailure) -> Range<Int>? {
        let available = payload.count - position
        guard available >= lengthSize else { return try endedBehindUnits(available) }
        guard seen < AVCLimits.unitsPerAccessUnitMax else {
            throw .tooManyUnits(limit: AVCLimits.unitsPerAccessUnitMax)
        }
        seen += 1
        var length = 0
        for offset in 0..<lengthSize { length = length << 8 | Int(payload[position + offset]) }
        guard length <= available - lengthSize else {
            throw .unitPastEnd(length: length, available: available - lengthSize)
        }
        let start = position + lengthSize
        position = start + length
        return start..<position
    }

    private func endedBehindUnits(_ available: Int) throws(AVCFailure) -> Range<Int>? {
        for offset in 0..<available where payload[position + offset] != 0 { throw .truncated }
        return nil
    }
}
