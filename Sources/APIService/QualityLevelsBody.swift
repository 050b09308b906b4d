import HTTP
import StreamingCore

/// The body of `PUT /quality-levels`:
///
/// ```
///  [{"name": "720p", "height": 720, "video_bits_per_second": 5000000, "frame_rate_max": 30, "enabled": true}]
/// ```
/// The last two members may be left out. Mistakes are told with their place: `[0].height`.
struct QualityLevelsBody {
    let ladder: QualityLadder

    init(_ request: HTTPRequest) throws(APIFailure) {
        guard let list = try JSONBody.read(request).array else { throw .malformedBody(expected: "a JSON list") }
        var levels: [QualityLevel] = []
        for item in list {
            let place = "[\(levels.count)]"
            guard let members = item.object else {
                throw .stream(.invalidValue(field: place, reason: "must be an object"))
            }
            levels.append(try LevelMembers(members, at: place).level())
        }
        do throws(StreamError) { ladder = try QualityLadder(levels) } catch { throw .stream(error) }
    }
}

/// One level of the body.
private struct LevelMembers {
    private static let names: Set<String> = ["name", "height", "video_bits_per_second", "frame_rate_max", "enabled"]

    private let members: JSONObject
    private let place: String

    init(_ members: JSONObject, at place: String) throws(APIFailure) {
        for name in members.names where !Self.names.contains(name) { throw .unknownMember("\(place).\(name)") }
        self.members = members
        self.place = place
    }

    /// The values as they are; whether they can be is for the ladder to say.
    func level() throws(APIFailure) -> QualityLevel {
        QualityLevel(
            name: try required("name", "a string", \.text), height: try required("height", "a whole number", \.integer),
            videoBitsPerSecond: try required("video_bits_per_second", "a whole number", \.integer),
            frameRateMax: try optional("frame_rate_max", "null or a whole number", \.integer),
            isEnabled: try given("enabled", "true or false", \.boolean) ?? true)
    }

    /// A member that may be left out, but is not `null`.
    private func given<Value>(
        _ name: String, _ kind: String, _ value: (JSONValue) -> Value?
    ) throws(APIFailure) -> Value? {
        members[name] == nil ? nil : try required(name, kind, value)
    }

    private func required<Value>(
        _ name: String, _ kind: String, _ value: (JSONValue) -> Value?
    ) throws(APIFailure) -> Value {
        guard let member = members[name] else { throw refusal(name, "is required") }
        guard let value = value(member) else { throw refusal(name, "must be \(kind)") }
        return value
    }

    private func optional<Value>(
        _ name: String, _ kind: String, _ value: (JSONValue) -> Value?
    ) throws(APIFailure) -> Value? {
        guard let member = members[name], member != .null else { return nil }
        guard let value = value(member) else { throw refusal(name, "must be \(kind)") }
        return value
    }

    private func refusal(_ name: String, _ reason: String) -> APIFailure {
        .stream(.invalidValue(field: "\(place).\(name)", reason: reason))
    }
}
