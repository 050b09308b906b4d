import Bytes
import FoundationEssentials
import HTTP

/// Reads the JSON that a request brings.
///
/// Members that mean nothing are refused by the bodies: whoever misspells a member, or sends one of a newer version,
/// must learn that it had no effect.
enum JSONBody {
    static let bytesMax = 64 << 10

    /// - Parameter expected: What the body must be, as the end of a sentence.
    /// - Throws: What the value's own `init(from:)` throws, when that is an ``APIFailure``.
    static func read<Value: Decodable>(
        _: Value.Type, from request: HTTPRequest, expected: String
    ) throws(APIFailure) -> Value {
        let type = request.fields["content-type"]
        let essence = type?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard mayBeJSON(essence) else { throw .unsupportedMediaType(type) }
        guard request.body.count <= bytesMax else { throw .bodyTooLarge(bytesMax) }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(request.body.array))
        } catch let failure as APIFailure {
            throw failure
        } catch {
            throw .malformedBody(expected: expected)
        }
    }

    /// JSON, or what simple clients say who name no type: nothing, or the type of forms, as `curl -d` does. No web page
    /// can use that to act for somebody, because the token is in a field that no form sends.
    private static func mayBeJSON(_ type: String?) -> Bool {
        type == nil || type == MediaType.json || type == "application/x-www-form-urlencoded"
    }

    /// The name of any member, known or not.
    struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}
