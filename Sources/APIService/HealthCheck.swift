/// One thing that a service needs to be ready, under a name that is in the answer.
public struct HealthCheck: Sendable {
    public let name: String
    /// Throws when the thing does not work. It ends by itself within a few seconds.
    let check: @Sendable () async throws -> Void

    public init(_ name: String, check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.check = check
    }

    /// Whether the thing works now.
    public func passes() async -> Bool {
        do {
            try await check()
            return true
        } catch {
            return false
        }
    }
}
