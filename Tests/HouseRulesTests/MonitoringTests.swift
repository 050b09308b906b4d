import Foundation
import Testing

/// Alerts and the dashboard are of use only while they name what the programs tell.
@Suite struct MonitoringTests {
    /// Names of metrics that the sources register. What stands in for a part of a name is filled in.
    static func registeredNames() throws -> Set<String> {
        let parts = [#"\(name)"#: ["redis", "s3"], #"\(port)"#: ["rtmp", "http"]]
        var names: Set<String> = []
        for file in try SourceTree.swiftFiles(below: "Sources") {
            guard file.lines.contains(where: { $0.contains("MetricsRegistry") }) else { continue }
            for literal in file.lines.flatMap(Self.literals) {
                guard let (hole, fillings) = parts.first(where: { literal.contains($0.key) }) else {
                    names.insert(literal)
                    continue
                }
                for filling in fillings { names.insert(literal.replacingOccurrences(of: hole, with: filling)) }
            }
        }
        return names
    }

    private static func literals(_ line: String) -> [String] {
        line.split(separator: "\"").map(String.init).filter { $0.hasPrefix("sluice_") || $0.hasPrefix("process_") }
    }

    /// Names of metrics in a text, without what histograms add to theirs.
    static func namesUsed(in text: String) -> Set<String> {
        let names = text.matches(of: #/\b(sluice|process)_[a-z0-9_]+/#).map { String($0.output.0) }
        return Set(
            names.map { name in
                for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix("_seconds" + suffix) {
                    return String(name.dropLast(suffix.count))
                }
                return name
            })
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: SourceTree.root.appending(path: path), encoding: .utf8)
    }

    @Test(arguments: ["monitoring/prometheus-alerts.yaml", "monitoring/grafana-dashboard.json"])
    func `every metric that is named is told by some program`(path: String) throws {
        let unknown = Self.namesUsed(in: try text(path)).subtracting(try Self.registeredNames())
        #expect(unknown.isEmpty, "\(path) names what nobody tells: \(unknown.sorted())")
    }

    @Test func `every metric of ours is on the dashboard`() throws {
        let shown = Self.namesUsed(in: try text("monitoring/grafana-dashboard.json"))
        let told = try Self.registeredNames().filter { $0.hasPrefix("sluice_") && !$0.hasSuffix("_max") }
        #expect(told.subtracting(shown).isEmpty, "not shown: \(told.subtracting(shown).sorted())")
    }

    @Test func `every alert has a test that fires it, one that does not, and a line in the runbook`() throws {
        let rules = try text("monitoring/prometheus-alerts.yaml")
        let tests = try text("monitoring/prometheus-alerts.test.yaml")
        let runbook = try text("docs/OPERATIONS.md")
        let alerts = rules.matches(of: #/- alert: (\w+)/#).map { String($0.output.1) }
        #expect(alerts.count >= 25 && Set(alerts).count == alerts.count)
        for alert in alerts {
            #expect(tests.contains("name: \(alert) fires") && tests.contains("name: \(alert) is quiet"), "\(alert)")
            #expect(runbook.contains("\n#### \(alert)\n"), "\(alert) is not in the runbook")
            #expect(rules.contains("runbook_url: docs/OPERATIONS.md#\(alert.lowercased())\n"), "\(alert)")
        }
    }

    @Test func `the dashboard is one that Grafana reads`() throws {
        let object = try JSONSerialization.jsonObject(with: Data(try text("monitoring/grafana-dashboard.json").utf8))
        let dashboard = try #require(object as? [String: Any])
        #expect(dashboard["uid"] as? String == "sluice" && dashboard["schemaVersion"] as? Int ?? 0 >= 36)
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let numbers = panels.compactMap { $0["id"] as? Int }
        #expect(Set(numbers).count == panels.count, "panels have numbers of their own")
        for panel in panels {
            let position = try #require(panel["gridPos"] as? [String: Int])
            #expect((position["x"] ?? 0) + (position["w"] ?? 25) <= 24)
            #expect(!(panel["title"] as? String ?? "").isEmpty)
            guard panel["type"] as? String != "row" else { continue }
            let targets = try #require(panel["targets"] as? [[String: Any]])
            #expect(!targets.isEmpty && targets.allSatisfy { !($0["expr"] as? String ?? "").isEmpty })
        }
    }
}
