import HTTP
import StreamingCore

/// The body of `POST /streams`: `{"title": "…"}`.
struct CreateStreamBody: Decodable {
    let title: StreamTitle

    init(_ request: HTTPRequest) throws(APIFailure) {
        self = try JSONBody.read(CreateStreamBody.self, from: request, expected: "one JSON object")
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: JSONBody.Member.self)
        let title = JSONBody.Member(stringValue: "title")
        for member in members.allKeys where member.stringValue != title.stringValue {
            throw APIFailure.unknownMember(member.stringValue)
        }
        guard members.contains(title) else { throw Self.refusal("is required") }
        guard let text = try? members.decode(String.self, forKey: title) else { throw Self.refusal("must be a string") }
        do throws(StreamError) {
            self.title = try StreamTitle(text)
        } catch {
            throw APIFailure.stream(error)
        }
    }

    private static func refusal(_ reason: String) -> APIFailure {
        .stream(.invalidValue(field: "title", reason: reason))
    }
}
