import StreamingCore
import Testing

@Suite struct MigrationPlanTests {
    private let known = [
        Migration(version: 1, name: "0001_a", sql: "CREATE TABLE a (x text)"),
        Migration(version: 2, name: "0002_b", sql: "CREATE TABLE b (x text)"),
    ]

    private func record(_ migration: Migration) -> MigrationPlan.Record {
        MigrationPlan.Record(version: migration.version, name: migration.name, checksum: migration.checksum)
    }

    @Test func `a new database needs everything, in order`() throws {
        #expect(try MigrationPlan(known: known, applied: []).pending.map(\.version) == [1, 2])
    }

    @Test func `only what is missing is pending`() throws {
        #expect(try MigrationPlan(known: known, applied: [record(known[0])]).pending.map(\.version) == [2])
        #expect(try MigrationPlan(known: known, applied: known.map(record)).pending.isEmpty)
    }

    @Test func `a newer schema is refused by name`() {
        let newer = MigrationPlan.Record(version: 3, name: "0003_c", checksum: "")
        let mismatch = #expect(throws: MigrationPlan.Mismatch.newer(name: "0003_c", newestKnown: "0002_b")) {
            try MigrationPlan(known: known, applied: known.map(record) + [newer])
        }
        #expect(mismatch?.description.contains("newer than this program: it has migration 0003_c") == true)
    }

    @Test func `changed contents are refused`() {
        let changed = MigrationPlan.Record(version: 1, name: "0001_a", checksum: "00")
        let mismatch = #expect(throws: MigrationPlan.Mismatch.self) {
            try MigrationPlan(known: known, applied: [changed])
        }
        #expect(mismatch == .changed(name: "0001_a", checksum: "00", expected: known[0].checksum))
        #expect(mismatch?.description.contains("0001_a was applied with other contents") == true)
    }

    @Test func `a gap is refused`() {
        let mismatch = #expect(throws: MigrationPlan.Mismatch.self) {
            try MigrationPlan(known: known, applied: [record(known[1])])
        }
        #expect(mismatch?.description == "migration 0001_a is missing below 0002_b")
    }
}
