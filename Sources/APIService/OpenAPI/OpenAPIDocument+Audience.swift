import HTTP
import StreamingCore

extension OpenAPIDocument {
    /// RFC 3339, or seconds since 1970.
    private static let moment: OpenAPIValue = [
        "anyOf": [
            ["type": "string", "format": "date-time"], ["type": "integer", "minimum": 0, "maximum": 253_402_300_799],
        ]
    ]

    static var audience: [OpenAPIOperation] {
        [
            OpenAPIOperation(
                method: .get, path: "/streams/{id}/viewers", name: "listViewers", tag: "audience",
                summary: "Who watches and who watched, the one that began last first", access: .reader,
                parameters: [
                    .query("open", OpenAPISchema.flag, "Only open sessions, or only ended ones."),
                    .query("limit", OpenAPISchema.integer(1...APIRoutes.pageMax), "How many are wanted."),
                    .query("before", OpenAPISchema.cursor, "The `next` of another page."),
                ],
                answers: [200: .answer("A page", "ViewerList")],
                problems: [400: ["invalid_parameter"], 404: ["stream_not_found"]]),
            OpenAPIOperation(
                method: .get, path: "/streams/{id}/health", name: "getHealth", tag: "audience",
                summary: "A score from 0 to 100, with reasons and remedies", access: .reader,
                answers: [200: .answer("The judgement", "Health")],
                problems: [404: ["stream_not_found"], 409: ["conflict"]]),
            OpenAPIOperation(
                method: .get, path: "/metrics/{id}", name: "getMetrics", tag: "audience",
                summary: "How a stream did over a span of time", access: .reader,
                parameters: [
                    .query("from", moment, "The beginning; 15 minutes before the end without it."),
                    .query("to", moment, "The end; now without it."),
                    .query("step", OpenAPISchema.integer(1...86_400), "Seconds that are drawn together."),
                ],
                answers: [200: .answer("The measurements", "MetricsRange")],
                problems: [400: ["invalid_parameter"], 404: ["stream_not_found"]]),
            OpenAPIOperation(
                method: .get, path: "/overview", name: "getOverview", tag: "audience",
                summary: "All streams on air with their newest second", access: .reader, usesDatabase: false,
                answers: [200: .answer("The streams", "Overview")]),
        ]
    }

    static var live: [OpenAPIOperation] {
        [
            webSocket(
                "/ws/stream/{id}", name: "openStreamPage", access: .open,
                summary: "A WebSocket of one stream: status, quality, metrics and notices",
                problems: [404: ["stream_not_found"]]),
            webSocket(
                "/ws/streams", name: "openOverviewPage", access: .anybody,
                summary: "A WebSocket of all streams on air; the token is a field, or the first message",
                problems: [:]),
        ]
    }

    private static func webSocket(
        _ path: String, name: String, access: OpenAPIOperation.Access, summary: String, problems: [Int: [String]]
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .get, path: path, name: name, tag: "live", summary: summary, access: access,
            answers: [101: .answer("The connection is a WebSocket (RFC 6455, version 13)")],
            problems: problems.merging([
                400: ["websocket_body", "websocket_key", "websocket_protocol"], 403: ["origin_not_allowed"],
                405: ["websocket_method"], 426: ["websocket_required", "websocket_version"],
            ]) { first, _ in first })
    }

    static var health: [OpenAPIOperation] {
        [
            open("/health", "getHealthSummary", "The same as /health/ready", readiness),
            open("/health/live", "getLiveness", "Whether the process answers", [200: .answer("It does", "Readiness")]),
            open("/health/ready", "getReadiness", "Whether all that is needed works", readiness),
            open(
                "/time", "getTime", "The present in UTC, for DASH players",
                [200: .answer("RFC 3339", media: MediaType.plainText)]),
            open(
                "/openapi.json", "getOpenAPI", "This document",
                [
                    200: [
                        "description": "OpenAPI 3.1", "content": ["application/json": ["schema": ["type": "object"]]],
                    ]
                ]),
        ]
    }

    private static var readiness: [Int: OpenAPIValue] {
        [200: .answer("All that is needed works", "Readiness"), 503: .answer("Something does not work", "Readiness")]
    }

    private static func open(
        _ path: String, _ name: String, _ summary: String, _ answers: [Int: OpenAPIValue]
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .get, path: path, name: name, tag: "health", summary: summary, access: .open,
            usesDatabase: false, answers: answers)
    }
}
