import HTTP
import StreamingCore

extension OpenAPIDocument {
    private static let location: OpenAPIValue = [
        "headers": ["Location": OpenAPIOperation.header(["type": "string"], isRequired: true)]
    ]
    private static let idempotencyKey: OpenAPIValue = .field(
        "Idempotency-Key", ["type": "string", "pattern": #"^("[!#-\[\]-~]{16,128}"|[!#-\[\]-~]{16,128})$"#],
        "Makes a repetition within a day have the answer of the first request, and no other effect.")
    private static let limit: OpenAPIValue = .query(
        "limit", OpenAPISchema.integer(1...APIRoutes.pageMax).merging(["default": .integer(APIRoutes.pageDefault)]),
        "How many are wanted.")

    static var streams: [OpenAPIOperation] {
        [
            OpenAPIOperation(
                method: .post, path: "/streams", name: "createStream", tag: "streams",
                summary: "Make a stream with a first key, which is shown this once", access: .admin,
                parameters: [idempotencyKey], body: OpenAPISchema.ref("NewStream"),
                answers: [201: .answer("The stream and its key", "CreatedStream").merging(location)],
                problems: [
                    400: ["invalid_idempotency_key"], 409: ["idempotency_key_expired", "idempotency_key_void"],
                    422: ["idempotency_key_reused"],
                ]),
            OpenAPIOperation(
                method: .get, path: "/streams", name: "listStreams", tag: "streams",
                summary: "The streams, the newest first", access: .reader,
                parameters: [
                    .query(
                        "state", OpenAPISchema.list(of: OpenAPISchema.words(StreamState.allCases.map(\.rawValue))),
                        "Only streams in these states."), limit,
                    .query("before", OpenAPISchema.id, "Only streams that are older than this one."),
                ],
                answers: [200: .answer("A page", "StreamList")], problems: [400: ["invalid_parameter"]]),
            OpenAPIOperation(
                method: .get, path: "/streams/{id}", name: "getStream", tag: "streams",
                summary: "One stream; without a token in a short form", access: .anybody,
                answers: [
                    200: [
                        "description": "The stream",
                        "content": [
                            "application/json": [
                                "schema": ["anyOf": [OpenAPISchema.ref("Stream"), OpenAPISchema.ref("PublicStream")]]
                            ]
                        ],
                    ]
                ],
                problems: [404: ["stream_not_found"]]),
            OpenAPIOperation(
                method: .delete, path: "/streams/{id}", name: "deleteStream", tag: "streams",
                summary: "Delete a stream and its keys; whoever publishes on it is sent away", access: .admin,
                answers: [204: .answer("It is gone")], problems: [404: ["stream_not_found"]]),
            OpenAPIOperation(
                method: .post, path: "/streams/{id}/playback-urls", name: "signPlaybackURLs", tag: "streams",
                summary: "Addresses that may be played for a while, where playback is signed", access: .admin,
                body: OpenAPISchema.ref("PlaybackURLsWanted"), isBodyRequired: false,
                answers: [200: .answer("The addresses", "PlaybackURLs")],
                problems: [404: ["stream_not_found"], 409: ["playback_not_signed"]]),
        ]
    }

    static var keys: [OpenAPIOperation] {
        [
            OpenAPIOperation(
                method: .post, path: "/streams/{id}/keys", name: "createKey", tag: "keys",
                summary: "Make a key, which is shown this once", access: .admin, parameters: [idempotencyKey],
                answers: [201: .answer("The key", "IssuedKey")],
                problems: [
                    400: ["invalid_idempotency_key"], 404: ["stream_not_found"],
                    409: ["conflict", "idempotency_key_expired", "idempotency_key_void"],
                ]),
            OpenAPIOperation(
                method: .get, path: "/streams/{id}/keys", name: "listKeys", tag: "keys",
                summary: "The keys of a stream, the newest first, without their texts", access: .admin,
                answers: [200: .answer("All of them", "KeyList")], problems: [404: ["stream_not_found"]]),
            OpenAPIOperation(
                method: .delete, path: "/streams/{id}/keys/{key_id}", name: "revokeKey", tag: "keys",
                summary: "Revoke a key for good; whoever publishes with it is sent away", access: .admin,
                answers: [204: .answer("It is revoked")], problems: [404: ["stream_not_found", "key_not_found"]]),
        ]
    }

    static var qualities: [OpenAPIOperation] {
        [
            OpenAPIOperation(
                method: .get, path: "/quality-levels", name: "listQualityLevels", tag: "quality levels",
                summary: "What broadcasts that begin now are made in", access: .reader,
                answers: [200: .answer("The levels, the highest first", "QualityLevels")]),
            OpenAPIOperation(
                method: .put, path: "/quality-levels", name: "replaceQualityLevels", tag: "quality levels",
                summary: "Replace all levels; none of them brings the configured ones back", access: .admin,
                body: [
                    "type": "array", "maxItems": .integer(QualityLadder.levelsMax),
                    "items": OpenAPISchema.ref("QualityLevel"),
                ],
                answers: [200: .answer("The levels as they are now", "QualityLevels")]),
        ]
    }
}
