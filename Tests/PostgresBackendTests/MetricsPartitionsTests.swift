import StreamingCore
import TestKit
import Testing

@testable import PostgresBackend

@Suite(.timeLimit(.minutes(2))) struct MetricsPartitionsTests {
    private let test: TestDatabase
    private let partitions: PostgresMetricsPartitions
    private static let dayMilliseconds: Int64 = 86_400_000

    init() async throws {
        test = try await TestDatabase()
        partitions = PostgresMetricsPartitions(try await test.openMigrated())
    }

    private func insert(at time: String) async throws {
        try await test.run(
            """
            INSERT INTO stream_metrics
                (stream_id, measured_at, viewers, renditions, ingress_bits_per_second, egress_bits_per_second)
            VALUES ('0190abcd-ef01-7abc-8def-0123456789ab', '\(time)', 3, '', 0, 0)
            """)
    }

    @Test func `partitions are made from yesterday to some days ahead, once`() async throws {
        let first = try await partitions.maintain(at: .noon, daysAhead: 2, daysKept: 30)
        #expect(
            first
                == .init(made: [
                    "stream_metrics_20261122", "stream_metrics_20261123", "stream_metrics_20261124",
                    "stream_metrics_20261125",
                ]))
        #expect(try await partitions.maintain(at: .noon, daysAhead: 2, daysKept: 30) == .init())
        let tomorrow = WallTime.noon.adding(milliseconds: Self.dayMilliseconds)
        let next = try await partitions.maintain(at: tomorrow, daysAhead: 2, daysKept: 30)
        #expect(next == .init(made: ["stream_metrics_20261126"]))
    }

    @Test func `a day is one of UTC, whatever zone the server is in`() async throws {
        _ = try await partitions.maintain(at: .noon, daysAhead: 0, daysKept: 30)
        for time in ["2026-11-22 00:00:00+00", "2026-11-23 23:59:59.999+00"] { try await insert(at: time) }
        for time in ["2026-11-21 23:59:59.999+00", "2026-11-24 00:00:00+00"] {
            await #expect(throws: NeverHappened.self) { try await insert(at: time) }
        }
        try await test.run("SET timezone = 'Pacific/Auckland'; SELECT maintain_stream_metrics('2026-11-24', 0, 30)")
        try await insert(at: "2026-11-24 00:00:00+00")
        await #expect(throws: NeverHappened.self) { try await insert(at: "2026-11-25 00:00:00+00") }
    }

    @Test func `partitions go when all that is in them is older than what is kept`() async throws {
        _ = try await partitions.maintain(at: .noon, daysAhead: 0, daysKept: 2)
        try await insert(at: "2026-11-23 12:00:00+00")
        func later(_ days: Int64) async throws -> [String] {
            let time = WallTime.noon.adding(milliseconds: days * Self.dayMilliseconds)
            return try await partitions.maintain(at: time, daysAhead: 0, daysKept: 2).dropped
        }
        #expect(try await later(1) == [])
        #expect(try await later(2) == ["stream_metrics_20261122"])
        #expect(try await test.run("SELECT sum(viewers) FROM stream_metrics") == "3")
        #expect(try await later(3) == ["stream_metrics_20261123"])
        #expect(try await test.run("SELECT count(*) FROM stream_metrics") == "0")
    }

    @Test func `what is not a day's partition is left alone`() async throws {
        try await test.run("CREATE TABLE stream_metrics_20000101 (x text)")
        try await test.run(
            "CREATE TABLE other PARTITION OF stream_metrics FOR VALUES FROM ('2001-01-01') TO ('2001-02-01')")
        #expect(try await partitions.maintain(at: .noon, daysAhead: 0, daysKept: 1).dropped == [])
    }

    @Test func `several may do it at once`() async throws {
        let partitions = partitions
        let changes = try await withThrowingTaskGroup { group in
            for _ in 0..<6 { group.addTask { try await partitions.maintain(at: .noon) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(changes.filter { $0.made.count == PostgresMetricsPartitions.daysAhead + 2 }.count == 1)
        #expect(changes.filter { $0 == .init() }.count == 5)
    }
}
