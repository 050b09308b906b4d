import HTTP
import StreamingCore

// Who watches and how it does: now, from memory; before, from the database.

extension APIRoutes {
    func listViewers(_ request: HTTPRequest, _ parameters: PathParameters) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireReader(request)
        let stream = try streamID(parameters)
        let query = try ViewerListQuery(request.parameters)
        let found = try await asking { () async throws(StreamError) in
            _ = try await administration.stream(stream)
            return try await audience.sessions.list(
                of: stream, isOpen: query.isOpen, before: query.before, limit: query.limit + 1)
        }
        let page = found.prefix(query.limit)
        let next =
            found.count > query.limit ? page.last.map { ViewerSessionCursor(startedAt: $0.startedAt, id: $0.id) } : nil
        return JSONResponse.make(
            .ok, ViewerListDocument(viewers: page.map(ViewerDocument.init), next: next?.text))
    }

    func getHealth(_ request: HTTPRequest, _ parameters: PathParameters) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireReader(request)
        let stream = try streamID(parameters)
        _ = try await asking { () async throws(StreamError) in try await administration.stream(stream) }
        guard let current = live.current(of: stream) else {
            throw .stream(.conflict(reason: "The stream is not on air: there is nothing to judge."))
        }
        let recent = live.recent(of: stream, milliseconds: HealthDocument.trendMilliseconds)
        return JSONResponse.make(.ok, HealthDocument(health: current.health, recent: recent))
    }

    func getMetrics(_ request: HTTPRequest, _ parameters: PathParameters) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireReader(request)
        let stream = try streamID(parameters)
        let query = try MetricsQuery(request.parameters, now: clock.now())
        let points = try await asking { () async throws(StreamError) in
            _ = try await administration.stream(stream)
            return try await audience.metrics.range(
                of: stream, from: query.from, to: query.to, stepSeconds: query.stepSeconds)
        }
        return JSONResponse.make(.ok, MetricsDocument(stream: stream, query: query, points: points))
    }

    func getOverview(_ request: HTTPRequest, _: PathParameters) async throws(APIFailure) -> HTTPResponse {
        guard let role = try authentication.role(of: request) else { throw .missingToken }
        return JSONResponse.make(.ok, OverviewDocument(overview: live.overview, role: role))
    }
}
