import Bytes
import HTTP

/// Reads the JSON that a request brings.
///
/// Members that mean nothing are refused by the bodies: whoever misspells a member, or sends one of a newer version,
/// must learn that it had no effect.
enum JSONBody {
    static let bytesMax = 64 << 10

    /// - Throws: ``APIFailure/unsupportedMediaType(_:)``, ``APIFailure/bodyTooLarge(_:)``, ``APIFailure/notJSON(_:)``.
    static func read(_ request: HTTPRequest) throws(APIFailure) -> JSONValue {
        let type = request.fields["content-type"]
        let essence = type?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard mayBeJSON(essence) else { throw .unsupportedMediaType(type) }
        guard request.body.count <= bytesMax else { throw .bodyTooLarge(bytesMax) }
        do throws(JSONFailure) { return try JSONValue(reading: request.body) } catch { throw .notJSON(error) }
    }

    /// JSON, or what simple clients say who name no type: nothing, or the type of forms, as `curl -d` does. No web page
    /// can use that to act for somebody, because the token is in a field that no form sends.
    private static func mayBeJSON(_ type: String?) -> Bool {
        type == nil || type == MediaType.json || type == "application/x-www-form-urlencoded"
    }
}
