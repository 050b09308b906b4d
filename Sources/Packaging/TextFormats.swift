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

/// Text forms of times and numbers, without a locale and without floating point.
enum TextFormat {
    /// A UTC date and time with milliseconds, `2026-01-31T12:00:00.000Z` (ISO 8601, RFC 3339).
    static func date(unixMilliseconds: Int64) -> String {
        let dayMilliseconds: Int64 = 86_400_000
        let time = max(0, unixMilliseconds)
        let (year, month, day) = civil(fromDays: time / dayMilliseconds)
        let rest = time % dayMilliseconds
        let clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { padded($0, 2) }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(clock[0]):\(clock[1]):\(clock[2]).\(padded(rest % 1000, 3))Z"
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
    static func seconds(_ time: MediaTime) -> String {
        decimal(time.ticks(in: 100_000), fractionDigits: 5)
    }

    /// An ISO 8601 duration in seconds, `PT2.5S`, exact to a millisecond.
    static func duration(milliseconds: Int64) -> String {
        let (seconds, rest) = max(0, milliseconds).quotientAndRemainder(dividingBy: 1000)
        return rest == 0 ? "PT\(seconds)S" : "PT\(seconds).\(padded(rest, 3))S"
    }

    /// A ratio with three decimals.
    static func thousandths(_ ratio: Ratio) -> String {
        let numerator = UInt64(ratio.numerator) * 1000
        let denominator = UInt64(ratio.denominator)
        return decimal(Int64((numerator + denominator / 2) / denominator), fractionDigits: 3)
    }

    /// A number of small units, not negative, with a point before the last `fractionDigits` digits.
    private static func decimal(_ units: Int64, fractionDigits: Int) -> String {
        let scale = (0..<fractionDigits).reduce(Int64(1)) { scale, _ in scale * 10 }
        return "\(units / scale).\(padded(units % scale, fractionDigits))"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
