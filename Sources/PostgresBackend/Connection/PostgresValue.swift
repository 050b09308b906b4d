import Bytes
import StreamingCore

// Parameters and results travel in PostgreSQL's binary form, numbers big-endian:
//
//   bigint       8 bytes, two's complement           timestamptz  8 bytes, microseconds since 2000-01-01T00:00Z
//   boolean      1 byte                              uuid         16 bytes
//   text, bytea  as they are                         text[]       dimensions 1, nulls 0, oid 25, count, lower bound 1;
//                                                                 each: length, bytes

/// A value for a statement's parameter. Its case says its type, also where it is `nil`, because a statement is prepared
/// once with the types of its parameters.
enum PostgresValue: Sendable, Equatable {
    case integer(Int64?)
    case boolean(Bool?)
    case text(String?)
    case bytes(Bytes?)
    case id(UUIDv7?)
    case time(WallTime?)
    case texts([String])

    /// The type's number in every PostgreSQL (`pg_type.dat`).
    var typeNumber: UInt32 {
        switch self {
        case .boolean: 16
        case .bytes: 17
        case .integer: 20
        case .text: 25
        case .texts: 1009
        case .time: 1184
        case .id: 2950
        }
    }

    /// Appends the binary form.
    ///
    /// - Returns: Whether there is one; not for NULL.
    func append(to buffer: inout [UInt8]) -> Bool {
        switch self {
        case .integer(nil), .boolean(nil), .text(nil), .bytes(nil), .id(nil), .time(nil): return false
        case .integer(let number?): buffer.append(bigEndian: number)
        case .boolean(let flag?): buffer.append(flag ? 1 : 0)
        case .text(let text?): buffer.append(contentsOf: text.utf8)
        case .bytes(let bytes?): buffer.append(contentsOf: bytes)
        case .id(let id?): buffer.append(contentsOf: id.bytes)
        case .time(let time?): buffer.append(bigEndian: PostgresTime.microseconds(of: time))
        case .texts(let texts):
            // No dimension is an empty array.
            buffer.append(bigEndian: Int32(texts.isEmpty ? 0 : 1))
            buffer.append(bigEndian: Int32(0))
            buffer.append(bigEndian: Int32(25))
            guard !texts.isEmpty else { return true }
            buffer.append(bigEndian: Int32(texts.count))
            buffer.append(bigEndian: Int32(1))
            for text in texts {
                buffer.append(bigEndian: Int32(text.utf8.count))
                buffer.append(contentsOf: text.utf8)
            }
        }
        return true
    }
}

/// The server's time, which counts microseconds from another epoch.
enum PostgresTime {
    /// 2000-01-01T00:00:00Z.
    private static let epochUnixMilliseconds: Int64 = 946_684_800_000
    /// What the server takes: from 4714 BC to the year 294276, in milliseconds since its epoch.
    private static let range: ClosedRange<Int64> = -211_813_488_000_000...9_223_371_331_199_999

    /// A time outside the server's range becomes its nearest end.
    static func microseconds(of time: WallTime) -> Int64 {
        let (milliseconds, isOverflow) = time.unixMilliseconds.subtractingReportingOverflow(epochUnixMilliseconds)
        guard !isOverflow else { return range.lowerBound * 1000 }
        return min(max(milliseconds, range.lowerBound), range.upperBound) * 1000
    }

    /// Parts of a millisecond are cut off, towards the past.
    static func wallTime(microseconds: Int64) -> WallTime {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1000)
        return WallTime(unixMilliseconds: quotient - (remainder < 0 ? 1 : 0) + epochUnixMilliseconds)
    }
}

extension UUIDv7 {
    /// The 16 bytes.
    var bytes: [UInt8] {
        var digits = description.utf8.lazy.filter { $0 != UInt8(ascii: "-") }.makeIterator()
        var bytes: [UInt8] = []
        while let high = digits.next(), let low = digits.next() {
            bytes.append(Self.digit(high) << 4 | Self.digit(low))
        }
        return bytes
    }

    /// `nil` for anything but the 16 bytes of a UUID of version 7.
    init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        self.init(utf8: text.span)
    }

    private static func digit(_ character: UInt8) -> UInt8 {
        character < UInt8(ascii: "a") ? character - UInt8(ascii: "0") : character - UInt8(ascii: "a") + 10
    }
}

extension [UInt8] {
    fileprivate mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
