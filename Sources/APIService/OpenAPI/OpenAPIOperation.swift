import HTTP

/// One method of one path, as the OpenAPI document tells it.
///
/// What follows from a few facts about an operation is added to all that have them: the answers to wrong tokens, to too
/// many requests, to a database that is away, and to a body that is none.
struct OpenAPIOperation: Sendable {
    /// Who may ask.
    enum Access: Sendable {
        /// Nobody is asked for a token.
        case open
        /// A token shows more.
        case anybody
        case reader
        case admin
    }

    let method: HTTPMethod
    /// As in the router.
    let path: String
    /// The name of the operation for generators of clients.
    let name: String
    let tag: String
    let summary: String
    let access: Access
    var usesDatabase = true
    var parameters: [OpenAPIValue] = []
    /// The schema of what the request brings.
    var body: OpenAPIValue?
    var isBodyRequired = true
    /// The answers that are no problems, by their status.
    var answers: [Int: OpenAPIValue]
    /// The codes of the problems that are this operation's own, by their status.
    var problems: [Int: [String]] = [:]

    /// Whether requests count towards an address's share.
    private var isCounted: Bool { access != .open }

    var document: OpenAPIValue {
        var document: OpenAPIValue = [
            "operationId": .string(name), "tags": [.string(tag)], "summary": .string(summary),
            "responses": .object(responses), "security": security,
        ]
        let inPath = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { Self.pathParameter($0) }
        let all = inPath + parameters
        if !all.isEmpty { document = document.merging(["parameters": .array(all)]) }
        if let body {
            document = document.merging([
                "requestBody": [
                    "required": .bool(isBodyRequired), "content": ["application/json": ["schema": body]],
                ]
            ])
        }
        return document
    }

    private static func pathParameter(_ segment: Substring) -> OpenAPIValue {
        let name = segment.dropFirst().dropLast()
        let schema =
            switch name {
            case "rendition": OpenAPISchema.rendition
            case "file": OpenAPISchema.file
            case "playlist": OpenAPISchema.recordingFile(ending: "m3u8")
            case "manifest": OpenAPISchema.recordingFile(ending: "mpd")
            default: OpenAPISchema.id
            }
        return ["name": .string(String(name)), "in": "path", "required": true, "schema": schema]
    }

    private var security: OpenAPIValue {
        switch access {
        case .open: []
        case .anybody: [[:], ["token": []]]
        case .reader, .admin: [["token": []]]
        }
    }

    // MARK: Responses

    private var responses: [String: OpenAPIValue] {
        var responses: [String: OpenAPIValue] = [:]
        for (status, answer) in answers { responses[String(status)] = withRates(answer) }
        for (status, codes) in allProblems {
            responses[String(status)] = withRates(Self.problem(HTTPStatus(status), codes))
        }
        return responses
    }

    /// A refusal by the HTTP server itself has no code: it comes before the API is asked.
    private static let statusesWithoutCode: Set<Int> = [400, 413, 417, 431]

    private var allProblems: [Int: [String]] {
        var all = problems
        func add(_ status: Int, _ codes: String...) { all[status, default: []] += codes }
        for status in Self.statusesWithoutCode { add(status) }
        if access != .open {
            add(401, "wrong_token")
            add(429, "too_many_attempts", "too_many_requests")
        }
        if access == .reader || access == .admin { add(401, "missing_token") }
        if access == .admin { add(403, "role_too_low") }
        if usesDatabase { add(503, "database_unavailable", "overloaded") }
        // Beacons have rules of their own.
        if body != nil, access != .open {
            add(400, "malformed_body")
            add(413, "body_too_large")
            add(415, "unsupported_media_type")
            add(422, "unknown_member", "invalid_value")
        }
        return all
    }

    private static func problem(_ status: HTTPStatus, _ codes: [String]) -> OpenAPIValue {
        var schema = OpenAPISchema.ref("Problem")
        if !codes.isEmpty {
            let isCertain = !statusesWithoutCode.contains(status.code)
            schema = [
                "allOf": [
                    schema,
                    OpenAPISchema.object(
                        ["code": OpenAPISchema.words(codes.sorted())], optional: isCertain ? [] : ["code"]),
                ]
            ]
        }
        let answer: OpenAPIValue = [
            "description": .string(status.reason), "content": ["application/problem+json": ["schema": schema]],
        ]
        switch status.code {
        case 401, 403: return answer.merging(["headers": ["WWW-Authenticate": header(OpenAPISchema.text)]])
        case 429, 503: return answer.merging(["headers": ["Retry-After": header(seconds, isRequired: true)]])
        default: return answer
        }
    }

    private static let seconds: OpenAPIValue = ["type": "string", "pattern": "^[0-9]+$"]

    static func header(_ schema: OpenAPIValue, isRequired: Bool = false) -> OpenAPIValue {
        ["schema": schema, "required": .bool(isRequired)]
    }

    /// Where an administrator has lifted the limit, the fields are not there.
    private func withRates(_ answer: OpenAPIValue) -> OpenAPIValue {
        guard isCounted else { return answer }
        let rates: OpenAPIValue = [
            "RateLimit-Limit": Self.header(Self.seconds), "RateLimit-Remaining": Self.header(Self.seconds),
            "RateLimit-Reset": Self.header(Self.seconds),
        ]
        return answer.merging(["headers": rates.merging(answer["headers"] ?? [:])])
    }
}

extension OpenAPIValue {
    /// An answer with a JSON body.
    static func answer(_ description: String, _ schema: String) -> OpenAPIValue {
        [
            "description": .string(description),
            "content": ["application/json": ["schema": OpenAPISchema.ref(schema)]],
        ]
    }

    /// An answer whose body is no JSON.
    static func answer(_ description: String, media type: String) -> OpenAPIValue {
        ["description": .string(description), "content": .object([type: ["schema": ["type": "string"]]])]
    }

    /// An answer without a body.
    static func answer(_ description: String) -> OpenAPIValue { ["description": .string(description)] }

    /// A parameter behind `?`.
    static func query(_ name: String, _ schema: OpenAPIValue, _ description: String) -> OpenAPIValue {
        ["name": .string(name), "in": "query", "schema": schema, "description": .string(description)]
    }

    /// A header field of the request.
    static func field(_ name: String, _ schema: OpenAPIValue, _ description: String) -> OpenAPIValue {
        ["name": .string(name), "in": "header", "schema": schema, "description": .string(description)]
    }
}
