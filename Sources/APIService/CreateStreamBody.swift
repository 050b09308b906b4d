import HTTP
import StreamingCore

/// The body of `POST /streams`: `{"title": "…"}`.
struct CreateStreamBody {
    let title: StreamTitle

    init(_ request: HTTPRequest) throws(APIFailure) {
        guard let members = try JSONBody.read(request).object else {
            throw .malformedBody(expected: "one JSON object")
        }
        if let name = members.names.first(where: { $0 != "title" }) { throw .unknownMember(name) }
        guard let member = members["title"] else { throw Self.refusal("is required") }
        guard let text = member.text else { throw Self.refusal("must be a string") }
        do throws(StreamError) { title = try StreamTitle(text) } catch { throw .stream(error) }
    }

    private static func refusal(_ reason: String) -> APIFailure {
        .stream(.invalidValue(field: "title", reason: reason))
    }
}
