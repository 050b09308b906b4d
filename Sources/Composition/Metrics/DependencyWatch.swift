import APIService
import StreamingCore
import Synchronization

/// Looks all the time whether what a process needs works, so that it is known also where nobody asks `/health`.
final class DependencyWatch: Service {
    /// The time between two looks, in milliseconds.
    static let pauseMilliseconds: Int64 = 5_000

    let name = "dependencies"
    private let checks: [HealthCheck]
    private let states = Mutex<[String: Bool]>([:])

    init(_ checks: [HealthCheck], in registry: MetricsRegistry) {
        self.checks = checks
        registry.gauges(
            "sluice_dependency_up", "Whether what this process needs works: 1, or 0.", label: "dependency",
            childrenMax: checks.count
        ) { self.states.withLock { $0 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value ? 1 : 0) } }
    }

    /// How some of them were at the last look; those that were not looked at yet are left out.
    func states(of checks: [HealthCheck]) -> [String: Bool] {
        let names = Set(checks.map(\.name))
        return states.withLock { $0.filter { names.contains($0.key) } }
    }

    func run() async throws {
        while !Task.isCancelled {
            await withDiscardingTaskGroup { group in
                for check in checks {
                    group.addTask {
                        let passes = await check.passes()
                        self.states.withLock { $0[check.name] = passes }
                    }
                }
            }
            // A cancelled sleep ends the loop by its condition.
            try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
        }
    }
}
