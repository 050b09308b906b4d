import HTTP
import StreamingCore

/// The body of `PUT /quality-levels`:
///
/// ```
///  [{"name": "720p", "height": 720, "video_bits_per_second": 5000000, "frame_rate_max": 30, "enabled": true}]
/// ```
/// The last two members may be left out. Mistakes are told with their place: `[0].height`.
struct QualityLevelsBody: Decodable {
    let ladder: QualityLadder

    init(_ request: HTTPRequest) throws(APIFailure) {
        self = try JSONBody.read(QualityLevelsBody.self, from: request, expected: "a JSON list")
    }

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        var levels: [QualityLevel] = []
        while !list.isAtEnd {
            let place = "[\(levels.count)]"
            guard let members = try? list.nestedContainer(keyedBy: JSONBody.Member.self) else {
                throw APIFailure.stream(.invalidValue(field: place, reason: "must be an object"))
            }
            levels.append(try LevelMembers(members, at: place).level())
        }
        do throws(StreamError) { ladder = try QualityLadder(levels) } catch { throw APIFailure.stream(error) }
    }
}

/// One level of the body.
private struct LevelMembers {
    private static let names: Set<String> = ["name", "height", "video_bits_per_second", "frame_rate_max", "enabled"]

    private let members: KeyedDecodingContainer<JSONBody.Member>
    private let place: String

    init(_ members: KeyedDecodingContainer<JSONBody.Member>, at place: String) throws(APIFailure) {
        for member in members.allKeys where !Self.names.contains(member.stringValue) {
            throw .unknownMember("\(place).\(member.stringValue)")
        }
        self.members = members
        self.place = place
    }

    /// The values as they are; whether they can be is for the ladder to say.
    func level() throws(APIFailure) -> QualityLevel {
        QualityLevel(
            name: try required("name", "a string"), height: try required("height", "a whole number"),
            videoBitsPerSecond: try required("video_bits_per_second", "a whole number"),
            frameRateMax: try optional("frame_rate_max", "null or a whole number"),
            isEnabled: try optional("enabled", "true or false") ?? true)
    }

    private func required<Value: Decodable>(_ name: String, _ kind: String) throws(APIFailure) -> Value {
        guard members.contains(JSONBody.Member(stringValue: name)) else { throw refusal(name, "is required") }
        guard let value: Value = try? members.decode(Value.self, forKey: JSONBody.Member(stringValue: name)) else {
            throw refusal(name, "must be \(kind)")
        }
        return value
    }

    private func optional<Value: Decodable>(_ name: String, _ kind: String) throws(APIFailure) -> Value? {
        do {
            return try members.decodeIfPresent(Value.self, forKey: JSONBody.Member(stringValue: name))
        } catch {
            throw refusal(name, "must be \(kind)")
        }
    }

    private func refusal(_ name: String, _ reason: String) -> APIFailure {
        .stream(.invalidValue(field: "\(place).\(name)", reason: reason))
    }
}
