public import HTTP
public import StreamingCore

/// `/health`, `/health/live` and `/health/ready`: what load balancers and people ask. They need no token and tell no
/// reasons.
///
/// Live means that the process answers. Ready means that all its checks pass; `/health` says the same. What the process
/// is of use without is told beside them: when it fails the process is ready and degraded.
public struct HealthRoutes: Sendable {
    private let checks: [HealthCheck]
    private let watched: @Sendable () -> [String: Bool]
    private let logger: Logger

    /// - Parameters:
    ///   - checks: What the process needs; asked with each request.
    ///   - watched: How what it can do without was when somebody last looked, by name: nobody waits for that.
    public init(
        checks: [HealthCheck], watched: @escaping @Sendable () -> [String: Bool] = { [:] }, logger: Logger
    ) {
        self.checks = checks
        self.watched = watched
        self.logger = logger
    }

    public func add(to router: inout Router) {
        router.on(.get, "/health/live") { _, _ in JSONResponse.make(.ok, Document(status: "ok", checks: nil)) }
        router.on(.get, "/health/ready") { _, _ in await ready() }
        router.on(.get, "/health") { _, _ in await ready() }
    }

    private struct Document: Encodable {
        let status: String
        let checks: [String: String]?
    }

    /// Runs all checks side by side.
    private func ready() async -> HTTPResponse {
        let results = await withTaskGroup(of: (String, Bool).self) { group in
            for check in checks { group.addTask { (check.name, await passes(check)) } }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let others = watched()
        let isReady = results.values.allSatisfy(\.self)
        let status = !isReady ? "failed" : others.values.allSatisfy(\.self) ? "ok" : "degraded"
        let told = results.merging(others) { needed, _ in needed }.mapValues { $0 ? "ok" : "failed" }
        return JSONResponse.make(
            isReady ? .ok : .serviceUnavailable, Document(status: status, checks: told),
            fields: isReady ? HTTPFields() : ["retry-after": "1"])
    }

    private func passes(_ check: HealthCheck) async -> Bool {
        do {
            try await check.check()
            return true
        } catch {
            logger.warning("health check failed", ["check.name": LogValue(check.name), "error": LogValue(error)])
            return false
        }
    }
}
