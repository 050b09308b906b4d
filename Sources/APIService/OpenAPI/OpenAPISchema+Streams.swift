import StreamingCore

extension OpenAPISchema {
    /// What is told of streams, their keys and their qualities.
    static var streams: [String: OpenAPIValue] {
        [
            "Problem": problem,
            "PublicStream": object(publicMembers(full: false)),
            "Stream": stream,
            "CreatedStream": ["allOf": [ref("Stream"), object(keyMembers)]],
            "StreamList": object(["streams": list(of: ref("Stream")), "next": orNull(id)]),
            "NewStream": newStream,
            "IssuedKey": ["allOf": [object(["created_at": time, "ingest_server": address]), object(keyMembers)]],
            "KeyList": object([
                "keys": list(of: object(["key_id": id, "created_at": time, "revoked_at": orNull(time)]))
            ]),
            "QualityLevel": qualityLevel,
            "QualityLevels": object([
                "origin": words(["configuration", "api"]), "quality_levels": list(of: ref("QualityLevel")),
            ]),
            "PlaybackURLs": object(["hls_url": address, "dash_url": address, "expires_at": time]),
            "PlaybackURLsWanted": [
                "type": "object", "additionalProperties": false,
                "properties": ["expires_in_seconds": integer(60...604_800)],
            ],
        ]
    }

    private static let problem = object(
        ["type": text, "title": text, "status": integer(400...599), "detail": text, "code": text],
        optional: ["detail", "code"]
    )

    private static let controls = #"\u0000-\u001f\u007f-\u009f"#
    private static let newStream: OpenAPIValue = [
        "type": "object", "additionalProperties": false, "required": ["title"],
        "properties": [
            "title": [
                "type": "string", "minLength": 1, "maxLength": .integer(Stream.titleCharactersMax),
                // The white space around it is removed; what is left must not be empty.
                "pattern": .string("^[^\(controls)]*[^\\s\(controls)][^\(controls)]*$"),
            ]
        ],
    ]

    private static let keyMembers: KeyValuePairs<String, OpenAPIValue> = [
        "key_id": id, "stream_key": ["type": "string", "pattern": "^[a-z2-9]{32}$"], "ingest_url": address,
    ]

    private static func publicMembers(full: Bool) -> KeyValuePairs<String, OpenAPIValue> {
        [
            "id": id, "title": text, "state": words(StreamState.allCases.map(\.rawValue)), "hls_url": address,
            "dash_url": address, "viewers": count, "renditions": list(of: full ? ref("Rendition") : publicRendition),
            "transcoding": orNull(full ? ref("Transcoding") : publicTranscoding),
        ]
    }

    private static var stream: OpenAPIValue {
        [
            "allOf": [
                object(publicMembers(full: true)),
                object([
                    "created_at": time, "changed_at": time, "started_at": orNull(time), "ended_at": orNull(time),
                    "failure": orNull(text), "ingest_server": address, "metrics": orNull(ref("Metrics")),
                ]),
            ]
        ]
    }

    private static let renditionMembers: KeyValuePairs<String, OpenAPIValue> = [
        "name": text, "kind": words(["video", "audio"]), "width": orNull(count), "height": orNull(count),
        "frame_rate": orNull(number), "bits_per_second": orNull(count),
    ]
    private static var publicRendition: OpenAPIValue { object(renditionMembers) }
    private static var publicTranscoding: OpenAPIValue {
        object(["state": words(["passthrough", "running", "degraded", "refused", "failed"]), "degraded": flag])
    }

    /// What a broadcast is made in, for those with a token.
    static var broadcast: [String: OpenAPIValue] {
        [
            "Rendition": [
                "allOf": [publicRendition, object(["mode": words(["copy", "encode"]), "encoder": orNull(text)])]
            ],
            "Transcoding": [
                "allOf": [
                    publicTranscoding,
                    object([
                        "reason": orNull(text), "copy_refusal": orNull(text), "shed_renditions": list(of: text),
                        "preset": orNull(text), "real_time_factor": orNull(number), "lag_ms": orNull(integer),
                        "changed_at": time,
                        "failures": list(of: object(["at": time, "rendition": orNull(text), "reason": text])),
                    ]),
                ]
            ],
        ]
    }

    private static let qualityLevel: OpenAPIValue = [
        "type": "object", "additionalProperties": false, "required": ["name", "height", "video_bits_per_second"],
        "properties": [
            "name": [
                "type": "string", "pattern": "^[a-z0-9_-]{1,32}$",
                "not": ["enum": .array(QualityLevel.reservedNames.sorted().map(OpenAPIValue.string))],
            ],
            "height": integer(QualityLevel.heights).merging(["multipleOf": 2]),
            "video_bits_per_second": integer(QualityLevel.bitRates),
            "frame_rate_max": orNull(integer(QualityLevel.frameRates)), "enabled": flag,
        ],
    ]
}
