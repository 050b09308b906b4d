import Bytes
import FoundationEssentials
import HTTP

/// Answers of the API: JSON with its members in a fixed order, kept by no cache.
enum JSONResponse {
    static func make(
        _ status: HTTPStatus, _ document: some Encodable, fields: HTTPFields = HTTPFields()
    ) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The documents are made of strings and numbers that are finite: every one of them can be written.
        guard let data = try? encoder.encode(document) else { preconditionFailure("a document cannot be written") }
        var fields = fields
        fields.set("content-type", MediaType.json)
        fields.set("cache-control", CacheControl.noStore)
        // What a caller wrote into a title is never to be taken for a page.
        fields.set("x-content-type-options", "nosniff")
        return HTTPResponse(status, fields: fields, body: .shared([Bytes(Array(data))]))
    }
}
