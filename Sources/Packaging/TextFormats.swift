import Bytes
import Media

/// Appended to every address in a playlist, such as `?token=abc`: players ask for what a playlist lists, word by word.
public struct AddressSuffix: Sendable, Hashable {
    /// Safe in a quoted string of a playlist and, after XML escaping, in an attribute and a DASH template.
    let text: String

    /// The longest suffix, in bytes.
    public static let bytesMax = 1024

    /// Nothing is appended.
    public static let none = AddressSuffix()

    private init() { text = "" }

    /// - Returns: `nil` when the text is too long or has characters that a query cannot have (RFC 3986, 3.4), or a `$`,
    ///   which DASH templates give a meaning.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~%!&()*+,;=:@/?".utf8.contains(byte)
        }
    }

    /// For an XML attribute.
    var escaped: String { text.split(separator: "&", omittingEmptySubsequences: false).joined(separator: "&amp;") }
}

// Text forms of times and numbers, without a locale, without floating point, and straight into the text: a playlist of
// the whole window has hundreds of each.

extension ByteWriter {
    /// A number that is not negative, in decimal, with zeros in front up to `width` digits.
    mutating func write(decimal value: Int64, width: Int = 1) {
        var scale: Int64 = 1
        var digits = 1
        while digits < 19, digits < width || value / scale >= 10 {
            scale *= 10
            digits += 1
        }
        while scale > 0 {
            write(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / scale % 10))
            scale /= 10
        }
    }

    /// A number of small units, not negative, with a point before the last `fractionDigits` digits.
    private mutating func write(units: Int64, fractionDigits: Int) {
        let scale = (0..<fractionDigits).reduce(Int64(1)) { scale, _ in scale * 10 }
        write(decimal: units / scale)
        write(UInt8(ascii: "."))
        write(decimal: units % scale, width: fractionDigits)
    }

    /// A UTC date and time with milliseconds, `2026-01-31T12:00:00.000Z` (ISO 8601, RFC 3339).
    mutating func write(dateOf unixMilliseconds: Int64) {
        let dayMilliseconds: Int64 = 86_400_000
        let time = max(0, unixMilliseconds)
        let (year, month, day) = Self.civil(fromDays: time / dayMilliseconds)
        let rest = time % dayMilliseconds
        for (value, width, end) in [
            (year, 4, UInt8(ascii: "-")), (month, 2, UInt8(ascii: "-")), (day, 2, UInt8(ascii: "T")),
            (rest / 3_600_000, 2, UInt8(ascii: ":")), (rest / 60_000 % 60, 2, UInt8(ascii: ":")),
            (rest / 1000 % 60, 2, UInt8(ascii: ".")), (rest % 1000, 3, UInt8(ascii: "Z")),
        ] {
            write(decimal: value, width: width)
            write(end)
        }
    }

    /// The Gregorian date of a day, counted from 1970-01-01.
    ///
    /// Counted in years that begin in March, so that the leap day is the last of its year: 146,097 days are 400 years.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Seconds with all five decimals, as `EXTINF` wants them; iOS refuses more.
    mutating func write(secondsOf time: MediaTime) { write(units: time.ticks(in: 100_000), fractionDigits: 5) }

    /// A ratio with three decimals.
    mutating func write(thousandthsOf ratio: Ratio) {
        let numerator = UInt64(ratio.numerator) * 1000
        let denominator = UInt64(ratio.denominator)
        write(units: Int64((numerator + denominator / 2) / denominator), fractionDigits: 3)
    }

    /// An ISO 8601 duration in seconds, `PT2.500S`, exact to a millisecond.
    mutating func write(durationOf milliseconds: Int64) {
        let time = max(0, milliseconds)
        write(utf8: "PT")
        if time % 1000 == 0 {
            write(decimal: time / 1000)
        } else {
            write(units: time, fractionDigits: 3)
        }
        write(UInt8(ascii: "S"))
    }
}

/// The same as values, for attributes.
enum TextFormat {
    static func date(unixMilliseconds: Int64) -> String {
        var writer = ByteWriter(capacity: 24)
        writer.write(dateOf: unixMilliseconds)
        return writer.finish().string
    }

    static func duration(milliseconds: Int64) -> String {
        var writer = ByteWriter(capacity: 16)
        writer.write(durationOf: milliseconds)
        return writer.finish().string
    }
}
