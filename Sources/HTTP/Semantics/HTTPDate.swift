/// Dates as HTTP writes them (RFC 9110, 5.6.7), by integer arithmetic alone.
///
///     Sun, 06 Nov 1994 08:49:37 GMT       IMF-fixdate, the one that is written
///     Sunday, 06-Nov-94 08:49:37 GMT      RFC 850, read only
///     Sun Nov  6 08:49:37 1994            asctime, read only
public enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longDays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// What four digits of a year can name: 0001-01-01 to 9999-12-31.
    private static let range = -62_135_596_800...253_402_300_799

    /// The date as an IMF-fixdate.
    ///
    /// - Parameter unixSeconds: Seconds since 1970-01-01 00:00:00 UTC; clamped to the years 1 to 9999.
    public static func format(unixSeconds: Int) -> String {
        let seconds = min(max(unixSeconds, range.lowerBound), range.upperBound)
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let time = seconds - day * 86_400
        let date = civil(fromDay: day)
        let weekday = ((day + 4) % 7 + 7) % 7
        var text: [UInt8] = []
        text.reserveCapacity(29)
        func write(_ value: Int, _ separator: UInt8) {
            text.append(ASCII.zero + UInt8(value / 10))
            text.append(ASCII.zero + UInt8(value % 10))
            text.append(separator)
        }
        text += days[weekday].utf8
        text += ", ".utf8
        write(date.day, ASCII.space)
        text += months[date.month - 1].utf8
        text.append(ASCII.space)
        text.append(ASCII.zero + UInt8(date.year / 1000))
        text.append(ASCII.zero + UInt8(date.year / 100 % 10))
        write(date.year % 100, ASCII.space)
        write(time / 3600, ASCII.colon)
        write(time / 60 % 60, ASCII.colon)
        write(time % 60, ASCII.space)
        text += "GMT".utf8
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads any of the three formats.
    ///
    /// Two-digit years below 70 lie in this century: there is no clock here to apply the RFC's rule of fifty years.
    ///
    /// - Returns: Seconds since 1970, or nil when the text is no date.
    public static func unixSeconds(_ text: String) -> Int? {
        let parts = text.utf8.split(separator: ASCII.space)
        guard let first = parts.first else { return nil }
        if first.last == ASCII.comma {
            let name = Substring(first.dropLast())
            if parts.count == 6, days.contains(where: { $0 == name }), isZone(parts[5]) {
                return seconds(year: number(parts[3], 4), month: parts[2], day: number(parts[1], 2), time: parts[4])
            }
            guard parts.count == 4, longDays.contains(where: { $0 == name }), isZone(parts[3]) else { return nil }
            let date = parts[1].split(separator: ASCII.hyphen, omittingEmptySubsequences: false)
            guard date.count == 3, let short = number(date[2], 2) else { return nil }
            let year = short + (short < 70 ? 2000 : 1900)
            return seconds(year: year, month: date[1], day: number(date[0], 2), time: parts[2])
        }
        guard parts.count == 5, days.contains(where: { $0 == Substring(first) }) else { return nil }
        let day = number(parts[2], 2) ?? number(parts[2], 1)
        return seconds(year: number(parts[4], 4), month: parts[1], day: day, time: parts[3])
    }

    private static func isZone(_ text: Substring.UTF8View) -> Bool { text.elementsEqual("GMT".utf8) }

    private static func seconds(year: Int?, month: Substring.UTF8View, day: Int?, time: Substring.UTF8View) -> Int? {
        let clock = time.split(separator: ASCII.colon, omittingEmptySubsequences: false)
        guard clock.count == 3, let year, year > 0, let day, let hour = number(clock[0], 2),
            let minute = number(clock[1], 2), let second = number(clock[2], 2),
            let month = months.firstIndex(where: { $0.utf8.elementsEqual(month) })
        else { return nil }
        // A leap second, 60, is legal and counts as the first second of the next minute.
        guard hour < 24, minute < 60, second <= 60, day >= 1, day <= length(ofMonth: month + 1, year) else {
            return nil
        }
        return self.day(ofYear: year, month: month + 1, day: day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring.UTF8View, _ width: Int) -> Int? {
        text.count == width ? text.saturatingInteger : nil
    }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        day(ofYear: month == 12 ? year + 1 : year, month: month % 12 + 1, day: 1)
            - day(ofYear: year, month: month, day: 1)
    }

    /// Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap day comes last;
    /// 400 years have 146,097 days. The year is 0 or later.
    private static func day(ofYear year: Int, month: Int, day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        // Shifted by one era, so that January of the year 0 divides as a positive number too.
        let shifted = marchYear + 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468 - 146_097
    }

    private static func civil(fromDay day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468 + 146_097
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 - 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
