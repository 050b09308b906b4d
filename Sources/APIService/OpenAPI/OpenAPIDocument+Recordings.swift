import HTTP
import StreamingCore

extension OpenAPIDocument {
    static var recordings: [OpenAPIOperation] {
        [
            OpenAPIOperation(
                method: .get, path: "/streams/{id}/recordings", name: "listRecordings", tag: "recordings",
                summary: "Broadcasts that are over and can be watched, the newest first", access: .reader,
                parameters: [
                    .query("limit", OpenAPISchema.integer(1...RecordingListQuery.pageMax), "How many are wanted."),
                    .query("before", OpenAPISchema.recordingID, "The `next` of another page, or a recording's id."),
                ],
                answers: [200: .answer("A page", "RecordingList")],
                problems: [
                    400: ["invalid_parameter"], 404: ["stream_not_found"],
                    503: ["recordings_unavailable", "overloaded"],
                ])
        ]
    }
}

extension OpenAPISchema {
    static let recordingID: OpenAPIValue = ["type": "string", "pattern": "^(0|[1-9][0-9]{0,17})$"]

    static func recordingFile(ending: String) -> OpenAPIValue {
        ["type": "string", "pattern": .string("^recording-(0|[1-9][0-9]{0,17})\\.\(ending)$")]
    }

    /// What is told of recordings.
    static var recordings: [String: OpenAPIValue] {
        [
            "RecordingList": object(["recordings": list(of: ref("Recording")), "next": orNull(recordingID)]),
            "Recording": object([
                "id": recordingID, "started_at": time, "ended_at": time, "duration_ms": count, "bytes": count,
                "hls_url": address, "dash_url": address,
                "renditions": list(
                    of: object([
                        "name": text, "kind": words(["video", "audio"]), "width": orNull(count),
                        "height": orNull(count), "bits_per_second": count,
                    ])),
            ]),
        ]
    }
}
