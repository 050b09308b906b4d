import Bytes
import StreamingCore

// Parameters and results travel in PostgreSQL's binary form, numbers big-endian:
//
//   bigint       8 bytes, two's complement           timestamptz  8 bytes, microseconds since 2000-01-01T00:00Z
//   boolean      1 byte                              uuid         16 bytes
//   float8       8 bytes, IEEE 754                   an array     dimensions, nulls, type, count, lower bound 1;
//   text, bytea  as they are                                      each: length (-1: NULL), bytes

/// A value for a statement's parameter. Its case says its type, also where it is `nil`, because a statement is prepared
/// once with the types of its parameters.
enum PostgresValue: Sendable, Equatable {
    case integer(Int64?)
    case boolean(Bool?)
    case text(String?)
    case bytes(Bytes?)
    case id(UUIDv7?)
    case time(WallTime?)
    case number(Double?)
    case session(ViewerSessionID?)
    /// One of one dimension, of values of one type.
    case array(of: PostgresType, [PostgresValue])

    static func texts(_ texts: [String]) -> PostgresValue { .array(of: .text, texts.map { .text($0) }) }

    /// The type's number in every PostgreSQL (`pg_type.dat`).
    var typeNumber: UInt32 {
        switch self {
        case .boolean: PostgresType.boolean.rawValue
        case .bytes: PostgresType.bytes.rawValue
        case .integer: PostgresType.integer.rawValue
        case .text: PostgresType.text.rawValue
        case .number: PostgresType.number.rawValue
        case .time: PostgresType.time.rawValue
        case .id, .session: PostgresType.uuid.rawValue
        case .array(let type, _): type.arrayNumber
        }
    }

    /// Appends the binary form.
    ///
    /// - Returns: Whether there is one; not for NULL.
    func append(to buffer: inout [UInt8]) -> Bool {
        switch self {
        case .integer(nil), .boolean(nil), .text(nil), .bytes(nil), .id(nil), .time(nil), .number(nil), .session(nil):
            return false
        case .integer(let number?): buffer.append(bigEndian: number)
        case .boolean(let flag?): buffer.append(flag ? 1 : 0)
        case .text(let text?): buffer.append(contentsOf: text.utf8)
        case .bytes(let bytes?): buffer.append(contentsOf: bytes)
        case .id(let id?): buffer.append(contentsOf: id.bytes)
        case .time(let time?): buffer.append(bigEndian: PostgresTime.microseconds(of: time))
        case .number(let number?): buffer.append(bigEndian: number.bitPattern)
        case .session(let id?):
            buffer.append(bigEndian: id.high)
            buffer.append(bigEndian: id.low)
        case .array(let type, let values): buffer.append(array: values, of: type)
        }
        return true
    }
}

/// Types of values, by their numbers.
enum PostgresType: UInt32, Sendable {
    case boolean = 16
    case bytes = 17
    case integer = 20
    case text = 25
    case number = 701
    case time = 1184
    case uuid = 2950

    /// That of an array of them.
    var arrayNumber: UInt32 {
        switch self {
        case .boolean: 1000
        case .bytes: 1001
        case .text: 1009
        case .integer: 1016
        case .number: 1022
        case .time: 1185
        case .uuid: 2951
        }
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
    fileprivate mutating func append(array values: [PostgresValue], of type: PostgresType) {
        // No dimension is an empty array.
        append(bigEndian: Int32(values.isEmpty ? 0 : 1))
        let nulls = count
        append(bigEndian: Int32(0))
        append(bigEndian: type.rawValue)
        guard !values.isEmpty else { return }
        append(bigEndian: Int32(values.count))
        append(bigEndian: Int32(1))
        for value in values {
            let start = count
            append(bigEndian: Int32(-1))
            guard value.append(to: &self) else {
                self[nulls + 3] = 1
                continue
            }
            let length = UInt32(count - start - 4)
            for place in 0..<4 { self[start + place] = UInt8(truncatingIfNeeded: length >> UInt32(24 - place * 8)) }
        }
    }

    fileprivate mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
