import HTTP
import StreamingCore

extension APIRoutes {
    func listQualityLevels(_ request: HTTPRequest, _: PathParameters) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireReader(request)
        return try await currentQualityLevels()
    }

    func replaceQualityLevels(_ request: HTTPRequest, _: PathParameters) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireAdmin(request)
        let body = try QualityLevelsBody(request)
        try await asking { () async throws(StreamError) in try await qualities.replace(with: body.ladder) }
        let names = body.ladder.levels.map(\.name).joined(separator: ",")
        logger.info("quality levels replaced", ["levels": LogValue(names)])
        return try await currentQualityLevels()
    }

    private func currentQualityLevels() async throws(APIFailure) -> HTTPResponse {
        let (ladder, origin) = try await asking { () async throws(StreamError) in try await qualities.current() }
        return JSONResponse.make(.ok, QualityLevelsDocument(ladder: ladder, origin: origin))
    }
}
