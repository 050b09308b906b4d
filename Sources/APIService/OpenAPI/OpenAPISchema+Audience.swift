import StreamingCore

extension OpenAPISchema {
    /// What is told of viewers, and of how streams do.
    static var audience: [String: OpenAPIValue] {
        [
            "Metrics": ["allOf": [ref("Measurements"), object(["health": object(score)])]],
            "Measurements": measurements,
            "MetricsRange": object([
                "stream": id, "from": time, "to": time, "step": integer(1...86_400),
                "points": list(of: [
                    "allOf": [object(["at": time, "seconds": count, "viewers_max": count]), ref("Measurements")]
                ]),
            ]),
            "Viewer": object([
                "id": text, "protocol": words(["hls", "dash"]), "started_at": time, "last_seen_at": time,
                "ended_at": orNull(time), "duration_ms": count, "quality": orNull(text), "bytes_sent": count,
                "quality_switches": count, "stalls": orNull(count), "stalled_ms": orNull(count),
                "startup_ms": orNull(count),
            ]),
            "ViewerList": object(["viewers": list(of: ref("Viewer")), "next": orNull(cursor)]),
            "Health": health,
            "Overview": object(["streams": list(of: overviewItem), "role": words(["admin", "viewer"])]),
            "Beacon": beacon,
            "Readiness": object(
                [
                    "status": words(["ok", "degraded", "failed"]),
                    "checks": ["type": "object", "additionalProperties": result],
                ],
                optional: ["checks"]),
        ]
    }

    private static let score: KeyValuePairs<String, OpenAPIValue> = [
        "score": integer(0...100), "grade": words(["good", "fair", "poor"]),
    ]
    /// What a player does not know is `null`; members that are not known mean nothing here.
    private static let beacon: OpenAPIValue = [
        "type": "object", "maxProperties": 32,
        "properties": [
            "session": ["type": "string", "pattern": "^[ -~]{1,64}$"], "startup_ms": amount(600_000),
            "stalls": amount(1_000_000), "stalled_ms": amount(604_800_000), "buffer_ms": amount(3_600_000),
            "leaving": flag,
        ],
        "additionalProperties": ["type": ["string", "number", "boolean", "null"]],
    ]

    private static func amount(_ most: Int) -> OpenAPIValue {
        orNull(["type": "number", "minimum": 0, "maximum": .integer(most)])
    }

    private static let result = words(["ok", "failed"])
    private static let codes = words(StreamHealth.Code.allCases.map(\.rawValue))

    private static let measurements = object([
        "viewers": count, "viewers_by_quality": ["type": "object", "additionalProperties": count],
        "ingress_bps": count, "egress_bps": count, "stall_ratio": orNull(number),
        "startup_ms": orNull(object(["count": count, "p50": count, "p95": count])),
        "source": orNull(
            object([
                "fps": orNull(number), "keyframe_interval_ms": orNull(count), "usual_bps": orNull(count),
                "audio_drift_ms": orNull(integer), "timestamp_repairs": count, "arrival_delay_ms": orNull(integer),
            ])),
    ])

    private static var health: OpenAPIValue {
        let trend = orNull(
            object(["direction": words(["rising", "falling", "steady"]), "change_per_minute": number]))
        return [
            "allOf": [
                object(score),
                object([
                    "deductions": list(of: object(["code": codes, "points": count, "reason": text])),
                    "recommendations": list(of: object(["code": codes, "text": text])),
                    "trends": object(["viewers": trend, "ingress_bps": trend, "stall_ratio": trend]),
                ]),
            ]
        ]
    }

    /// The measurements are missing for the first second of a broadcast.
    private static var overviewItem: OpenAPIValue {
        object([
            "id": id, "state": words(StreamState.allCases.map(\.rawValue) + ["deleted"]), "title": orNull(text),
            "started_at": orNull(time), "ended_at": orNull(time),
        ])
    }
}
