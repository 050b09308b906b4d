public import Bytes

// Byte stream format (ITU-T H.264, annex B)
//
// +----------+-------------+-----------+-------------+----------+-------------+-- -
// | 00 00 ...| 00 00 01    | NAL unit  | 00 00 ...   | 00 00 01 | NAL unit    | 00 ...
// | any zeros| start code  |           | any zeros   |          |             | any zeros
// +----------+-------------+-----------+-------------+----------+-------------+-- -

/// Walks the NAL units of a byte stream with start codes of three or four bytes.
///
/// Empty units are skipped, and so is everything before the first start code.
public struct AnnexB: Sendable {
    private let stream: Bytes
    /// Where the unit begins that `next()` returns, or `nil` when there is none.
    private var unitStart: Int?
    private var seen = 0

    /// - Parameter stream: One access unit or more.
    public init(_ stream: Bytes) {
        self.stream = stream
        unitStart = Self.startCode(in: stream, from: 0).map { $0 + 3 }
    }

    /// Whether bytes begin with a start code. A 4-byte length below 512 looks the same, so ask only when the bytes
    /// do not make sense as lengths.
    public static func begins(_ bytes: Bytes) -> Bool {
        guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0 else { return false }
        return bytes[2] == 1 || bytes[2] == 0 && bytes[3] == 1
    }

    /// The next unit that is not empty, sharing the memory.
    ///
    /// - Returns: `nil` behind the last one.
    /// - Throws: `AVCFailure.tooManyUnits`; the walk is over then.
    public mutating func next() throws(AVCFailure) -> NALUnit? {
        while let start = unitStart {
            guard seen < AVCLimits.unitsPerAccessUnitMax else {
                throw .tooManyUnits(limit: AVCLimits.unitsPerAccessUnitMax)
            }
            seen += 1
            let code = Self.startCode(in: stream, from: start)
            unitStart = code.map { $0 + 3 }
            // A unit never ends in a zero byte (7.4.1): such bytes belong to the start code or are padding.
            var end = code ?? stream.count
            while end > start && stream[end - 1] == 0 { end -= 1 }
            if let unit = NALUnit(stream[start..<end]) { return unit }
        }
        return nil
    }

    /// Writes units in this format, each behind a 4-byte start code.
    public static func stream(of units: [Bytes]) -> Bytes {
        var writer = ByteWriter(capacity: units.reduce(0) { $0 + 4 + $1.count })
        for unit in units {
            writer.write(UInt32(1))
            writer.write(unit)
        }
        return writer.finish()
    }

    /// The position of the next `00 00 01`.
    private static func startCode(in bytes: Bytes, from start: Int) -> Int? {
        // The last byte of a code decides: above 1 it rules out all three places where a code could cover it.
        var index = start + 2
        while index < bytes.count {
            switch bytes[index] {
            case 0: index += 1
            case 1:
                if bytes[index - 1] == 0 && bytes[index - 2] == 0 { return index - 2 }
                index += 3
            default: index += 3
            }
        }
        return nil
    }
}
