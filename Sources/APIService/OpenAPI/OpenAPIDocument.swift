import Bytes
import FoundationEssentials
import HTTP
import StreamingCore

/// What `GET /openapi.json` answers: the API as OpenAPI 3.1 has it.
///
/// The operations stand here, one beside the other, in the order of the documentation; a test holds them against the
/// routes that there are.
enum OpenAPIDocument {
    /// Everything that is served under `/streams`, `/quality-levels`, `/metrics`, `/overview`, `/ws`, `/health`,
    /// `/time`, and this document.
    static var api: [OpenAPIOperation] { streams + keys + qualities + recordings + audience + live + health }

    /// The document as bytes; it never changes while the process lives.
    static let bytes: Bytes = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings, whole numbers and finite ones: all of it can be written.
        guard let data = try? encoder.encode(document) else { preconditionFailure("the document cannot be written") }
        return Bytes(Array(data))
    }()

    static var document: OpenAPIValue {
        var paths: [String: OpenAPIValue] = [:]
        for operation in api + playback {
            let item: OpenAPIValue = .object([operation.method.rawValue.lowercased(): operation.document])
            paths[operation.path] = paths[operation.path]?.merging(item) ?? item
        }
        let schemas = [
            OpenAPISchema.streams, OpenAPISchema.broadcast, OpenAPISchema.recordings, OpenAPISchema.audience,
        ]
        return [
            "openapi": "3.1.0", "info": info, "paths": .object(paths), "tags": tags,
            "components": [
                "schemas": .object(schemas.reduce(into: [:]) { $0.merge($1) { _, last in last } }),
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer",
                        "description": "The admin token, or, to read all but keys, the viewer token.",
                    ]
                ],
            ],
        ]
    }

    private static var info: OpenAPIValue {
        [
            "title": "Sluice", "version": .string(Invocation.versionNumber),
            "summary": "Live streaming: streams, keys, qualities, viewers and playback.",
            "description": """
            Times are RFC 3339 in UTC. Ids are UUIDv7. Problems are RFC 9457 documents whose code never changes; \
            refusals of the HTTP server itself (400, 413, 417, 431, 501) have none. HEAD is served wherever GET \
            is. Members may be added to answers at any time.
            """,
        ]
    }

    private static var tags: OpenAPIValue {
        [
            ["name": "streams", "description": "Channels that are broadcast on any number of times."],
            ["name": "keys", "description": "What lets an encoder publish."],
            ["name": "quality levels", "description": "What broadcasts are made in."],
            ["name": "recordings", "description": "Broadcasts that are over and can be watched."],
            ["name": "audience", "description": "Who watches, and how well."],
            ["name": "live", "description": "WebSockets of JSON messages: version, type, stream, at and data."],
            ["name": "health", "description": "Whether the process works, and what time it is."],
            ["name": "playback", "description": "HLS and DASH, in outline; served by delivery."],
        ]
    }
}
