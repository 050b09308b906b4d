import Bytes
import Media

@testable import RTMP

/// Small pieces of real streams, and what many tests do with them.
enum Samples {
    /// x264's, High profile, 320 by 240.
    static let sps = Bytes(hex: "6764000dacd94141fb011000000300100000030320f1429960")
    static let pps = Bytes(hex: "68efbcb0")
    /// Another size with the same id: 640 by 480.
    static let otherSPS: Bytes = Bytes(hex: "6742c01ed900a03db01100000300010000030032 0f162e48")
    static let otherPPS: Bytes = Bytes(hex: "68cb83cb20")
    /// AAC-LC, 44.1 kHz, stereo.
    static let aacConfiguration: Bytes = [0x12, 0x10]
    /// AAC-LC, 48 kHz, stereo.
    static let otherAACConfiguration: Bytes = [0x11, 0x90]
    static let idr: Bytes = [0x65, 0x88, 0x84, 0x00, 0x33, 0xFF]
    static let slice: Bytes = [0x41, 0x9A, 0x24, 0x6C, 0x43]

    /// An avcC record.
    static func record(sps: [Bytes] = [sps], pps: [Bytes] = [pps], lengthSize: UInt8 = 4) -> Bytes {
        var writer = ByteWriter()
        let first = sps.first ?? Samples.sps
        writer.write([1, first[1], first[2], first[3], 0xFC | (lengthSize - 1), 0xE0 | UInt8(sps.count)])
        for set in sps {
            writer.write(UInt16(set.count))
            writer.write(set)
        }
        writer.write(UInt8(pps.count))
        for set in pps {
            writer.write(UInt16(set.count))
            writer.write(set)
        }
        return writer.finish()
    }

    /// NAL units behind lengths.
    static func units(_ units: [Bytes], lengthSize: Int = 4) -> Bytes {
        var writer = ByteWriter()
        for unit in units {
            for shift in (0..<lengthSize).reversed() { writer.write(UInt8(unit.count >> (8 * shift) & 0xFF)) }
            writer.write(unit)
        }
        return writer.finish()
    }

    static func videoHeader(_ record: Bytes = record()) -> Bytes { join([0x17, 0, 0, 0, 0], record) }

    static func video(_ body: Bytes, key: Bool = false, offset: Int32 = 0) -> Bytes {
        let bits = UInt32(bitPattern: offset)
        return join(
            [
                key ? 0x17 : 0x27, 1, UInt8(bits >> 16 & 0xFF), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF),
            ], body)
    }

    static let keyframe = video(units([idr]), key: true)
    static let interframe = video(units([slice]))

    static func audioHeader(_ configuration: Bytes = aacConfiguration) -> Bytes { join([0xAF, 0], configuration) }

    static func audio(_ body: Bytes = [0x21, 0x10, 0x04]) -> Bytes { join([0xAF, 1], body) }

    static func join(_ parts: Bytes...) -> Bytes {
        var writer = ByteWriter()
        for part in parts { writer.write(part) }
        return writer.finish()
    }
}

extension Bytes {
    /// Hexadecimal digits; spaces do not count.
    init(hex: String) {
        let digits = hex.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue ?? 0) }
        self.init(stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }
}

/// Repeatable random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
    mutating func bytes(_ count: Int) -> Bytes {
        Bytes((0..<count).map { _ in UInt8.random(in: 0...255, using: &self) })
    }
}

/// Cuts bytes into pieces of one size.
func pieces(of bytes: Bytes, size: Int) -> [Bytes] {
    stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
}
