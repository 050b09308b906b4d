import FoundationEssentials
import HTTP
import StreamingCore

/// The parameters of `GET /metrics/{id}`, each once.
struct MetricsQuery: Equatable {
    let from: WallTime
    let to: WallTime
    let stepSeconds: Int

    /// - Parameter now: What `to` is when it is not given.
    init(_ parameters: QueryParameters, now: WallTime) throws(APIFailure) {
        let to = try Self.time("to", parameters) ?? now
        let from =
            try Self.time("from", parameters) ?? to.adding(milliseconds: -AudienceHistory.secondsDefault * 1000)
        let seconds = (to.unixMilliseconds - from.unixMilliseconds + 999) / 1000
        guard seconds > 0 else { throw .invalidParameter(name: "from", reason: "must be before 'to'") }
        guard seconds <= AudienceHistory.secondsMax else {
            throw .invalidParameter(name: "from", reason: "must be at most \(AudienceLimits.daysKept) days before 'to'")
        }
        let least = Int(seconds + Int64(AudienceHistory.pointsMax) - 1) / AudienceHistory.pointsMax
        var step = max(1, least)
        if let text = parameters["step"] {
            guard let given = parameters.integer("step"), 1...86_400 ~= given else {
                throw .invalidParameter(name: "step", reason: "must be a number of seconds from 1 to 86400")
            }
            guard Int(seconds) / given <= AudienceHistory.pointsMax else {
                throw .invalidParameter(
                    name: "step",
                    reason: "of \(text.prefix(20)) would make more than \(AudienceHistory.pointsMax) points")
            }
            step = given
        }
        self.from = from
        self.to = to
        stepSeconds = step
    }

    /// RFC 3339, or seconds since the Unix epoch.
    private static func time(_ name: String, _ parameters: QueryParameters) throws(APIFailure) -> WallTime? {
        guard let text = parameters[name] else { return nil }
        // A plus that was not escaped has become a space.
        let time = text.replacing(" ", with: "+")
        if let seconds = Int64(time), 0...253_402_300_799 ~= seconds {
            return WallTime(unixMilliseconds: seconds * 1000)
        }
        for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()] {
            guard time.utf8.count <= 40, let date = try? style.parse(time) else { continue }
            let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
            guard 0...253_402_300_799_000 ~= milliseconds else { break }
            return WallTime(unixMilliseconds: Int64(milliseconds))
        }
        throw .invalidParameter(name: name, reason: "must be a time as in RFC 3339, or seconds since 1970")
    }
}
