import Foundation
import StreamingCore
import Testing

@testable import PostgresBackend

@Suite struct MigrationFilesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../migrations/postgres").standardizedFileURL

    @Test func `every migration in the binary is the file in the repository`() throws {
        for migration in Migration.all {
            let file = Self.folder.appending(path: migration.name + ".sql")
            #expect(try String(contentsOf: file, encoding: .utf8) == migration.sql)
        }
    }

    @Test func `every file in the repository is in the binary`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        #expect(files == Migration.all.map { $0.name + ".sql" })
    }

    @Test func `versions count from one and stand in the names`() {
        for (index, migration) in Migration.all.enumerated() {
            #expect(migration.version == index + 1)
            let digits = String(migration.version)
            #expect(migration.name.hasPrefix(String(repeating: "0", count: 4 - digits.count) + digits + "_"))
        }
    }
}
