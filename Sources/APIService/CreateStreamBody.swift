import Bytes
import FoundationEssentials
import HTTP
import StreamingCore

/// The body of `POST /streams`: `{"title": "…"}`.
///
/// Members that mean nothing are refused: whoever misspells a member, or sends one of a newer version, must learn that
/// it had no effect.
struct CreateStreamBody: Decodable {
    static let bytesMax = 64 << 10

    let title: StreamTitle

    private struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    /// JSON, or what simple clients say who name no type: nothing, or the type of forms, as `curl -d` does. No web page
    /// can use that to act for somebody, because the token is in a field that no form sends.
    private static func mayBeJSON(_ type: String?) -> Bool {
        type == nil || type == MediaType.json || type == "application/x-www-form-urlencoded"
    }

    init(_ request: HTTPRequest) throws(APIFailure) {
        let type = request.fields["content-type"]
        let essence = type?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard Self.mayBeJSON(essence) else { throw .unsupportedMediaType(type) }
        guard request.body.count <= Self.bytesMax else { throw .bodyTooLarge(Self.bytesMax) }
        do {
            self = try JSONDecoder().decode(CreateStreamBody.self, from: Data(request.body.array))
        } catch let failure as APIFailure {
            throw failure
        } catch {
            throw .malformedBody
        }
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        let title = Member(stringValue: "title")
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
