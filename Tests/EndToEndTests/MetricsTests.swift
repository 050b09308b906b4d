import Foundation
import FoundationNetworking
import TestKit
import Testing

/// What Prometheus reads while a broadcast is watched.
@Suite(.serialized, .timeLimit(.minutes(5))) struct MetricsTests {
    @Test func `a scrape during a broadcast passes promtool and tells what happens`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url)
        let stream = try await sluice.makeStream()
        let publisher = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
        try await eventually("there is a master playlist") { try await sluice.get(stream.master).status == 200 }
        let playlist = "/hls/\(stream.id)/source/playlist.m3u8"
        _ = try await sluice.get("/hls/\(stream.id)/nothing.m3u8")
        try await eventually("all stages were measured") {
            // Held until the part comes, so that what is only told of held requests is told.
            let hint = try await sluice.text(playlist).firstMatch(of: #/HINT:TYPE=PART,URI="segment-(\d+)\.(\d+)/#)
            if let hint { _ = try await sluice.get("\(playlist)?_HLS_msn=\(hint.output.1)&_HLS_part=\(hint.output.2)") }
            let scrape = try await scrape(of: sluice)
            return Self.stages.allSatisfy { (scrape["sluice_latency_\($0)_seconds_count"] ?? 0) > 0 }
        }
        try await check(try await sluice.text("/metrics"), in: sluice.directory.url)

        let values = try await scrape(of: sluice)
        #expect(values["sluice_ingest_broadcasts"] == 1)
        #expect(values["sluice_rtmp_connections"] == 1)
        #expect(values[#"sluice_ingest_publishes_total{outcome="accepted"}"#] == 1)
        #expect(values[#"sluice_ingest_frames_total{kind="video"}"#] ?? 0 > 10)
        #expect(values[#"sluice_packager_objects_total{kind="part"}"#] ?? 0 > 3)
        #expect(values[#"sluice_http_requests_total{kind="blocking_playlist",status="2xx"}"#] ?? 0 >= 1)
        #expect(values[#"sluice_http_requests_total{kind="media_playlist",status="4xx"}"#] == 1)
        #expect(values["sluice_delivery_hold_duration_seconds_count"] ?? 0 >= 1)
        #expect(values[#"sluice_database_calls_total{outcome="success"}"#] ?? 0 > 0)
        #expect(values[#"sluice_dependency_up{dependency="database"}"#] == 1)
        _ = try await publisher.stop()
    }

    private static let stages = [
        "encoder_to_ingest", "ingest_to_log", "log_to_part", "part_to_store", "store_to_announcement",
        "store_to_first_byte", "live_edge",
    ]

    @Test func `everything that alerts and the dashboard name of one process is there before it is used`() async throws
    {
        let sluice = try await SluiceProcess()
        let told = Self.families(in: try await sluice.text("/metrics"))
        // What stores of several processes tell, and what viewers' sessions do, begins with them.
        let elsewhere = ["sluice_kafka_", "sluice_redis_", "sluice_s3_", "sluice_database_"]
        for file in ["prometheus-alerts.yaml", "grafana-dashboard.json"] {
            let text = try String(
                contentsOf: SluiceProcess.root.appending(path: "monitoring/\(file)"), encoding: .utf8)
            for match in text.matches(of: #/\b(sluice|process)_[a-z0-9_]+/#) {
                let name = String(match.output.0)
                if elsewhere.contains(where: name.hasPrefix) { continue }
                let isTold = told.contains { name == $0 || name == "\($0)_bucket" }
                #expect(isTold, "\(file) names \(name)")
            }
        }
    }

    @Test func `metrics have a port of their own where one is set`() async throws {
        let port = Int.random(in: 28_000..<32_000)
        let sluice = try await SluiceProcess(environment: ["METRICS_PORT": "\(port)"])
        #expect(try await sluice.get("/metrics").status == 404, "the viewers' port tells nothing")
        for path in ["/metrics", "/health/live", "/health/ready"] {
            let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
            let (_, response) = try await URLSession.shared.data(from: url)
            #expect((response as? HTTPURLResponse)?.statusCode == 200, "\(path)")
        }
    }

    @Test func `the rules pass the tests that are beside them`() async throws {
        let folder = SluiceProcess.root.appending(path: "monitoring")
        for arguments in [
            ["check", "config", "prometheus.yml"], ["test", "rules", "prometheus-alerts.test.yaml"],
        ] {
            let directory = try TemporaryDirectory()
            let child = try ChildProcess(
                ["promtool"] + arguments, in: directory.url, name: "promtool", workingDirectory: folder)
            #expect(try await child.wait(seconds: 60) == 0, "\(child.output)\(child.errors)")
        }
    }

    // MARK: - Reading

    private func check(_ text: String, in directory: URL) async throws {
        let file = directory.appending(path: "scrape.txt")
        try text.write(to: file, atomically: true, encoding: .utf8)
        let child = try ChildProcess(
            ["sh", "-c", "promtool check metrics <scrape.txt"], in: directory, name: "promtool",
            workingDirectory: directory)
        #expect(try await child.wait(seconds: 30) == 0, "\(child.output)\(child.errors)")
        #expect(child.output + child.errors == "", "promtool has nothing to say")
    }

    /// The values of a scrape by their names with labels.
    private func scrape(of sluice: SluiceProcess) async throws -> [String: Double] {
        let lines = try await sluice.text("/metrics").split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Dictionary(
            lines.compactMap { line in
                guard let space = line.lastIndex(of: " "), let value = Double(line[space...].dropFirst()) else {
                    return nil
                }
                return (String(line[..<space]), value)
            }, uniquingKeysWith: { first, _ in first })
    }

    private static func families(in text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
    }
}
