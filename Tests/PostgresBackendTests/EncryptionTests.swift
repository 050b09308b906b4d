import StreamingCore
import TestKit
import Testing

@testable import PostgresBackend

/// The `sslmode` of the URL, on a server whose certificate nobody but itself signed.
@Suite(.timeLimit(.minutes(2))) struct EncryptionTests {
    private static let server = Task { try await PostgresServer(isEncrypted: true) }

    private func isEncrypted(_ options: [String], host: String = "localhost") async throws -> Bool {
        let database = try PostgresDatabase(
            url: Secret(try await Self.server.value.url(host: host, options: options)),
            settings: .testing.with { $0.waitMilliseconds = 5_000 },
            logger: Logger(service: "test", level: .error, sink: RecordingSink()))
        return try await database.perform { connection throws(PostgresFailure) in
            try connection.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") {
                row throws(PostgresFailure) in try row.boolean(0)
            }
        } == [true]
    }

    @Test func `disable does not encrypt, the others do`() async throws {
        #expect(try await !isEncrypted(["sslmode=disable"]))
        #expect(try await isEncrypted([]))
        #expect(try await isEncrypted(["sslmode=prefer"]))
        #expect(try await isEncrypted(["sslmode=require"]))
    }

    @Test func `a certificate that nobody vouches for is refused where it is to be verified`() async throws {
        for mode in ["verify-ca", "verify-full"] {
            let failure = await #expect(throws: StreamError.self) {
                try await isEncrypted(["sslmode=" + mode, "sslrootcert=/etc/ssl/certs/ca-certificates.crt"])
            }
            guard case .database(let reason) = failure else {
                Issue.record("\(String(describing: failure)) instead of a database's failure")
                return
            }
            #expect(reason.contains("certificate"))
        }
    }

    @Test func `a certificate that is trusted is verified, and its name where that is asked for`() async throws {
        let trust = "sslrootcert=" + (try await Self.server.value.certificate)
        #expect(try await isEncrypted(["sslmode=verify-ca", trust], host: "127.0.0.1"))
        #expect(try await isEncrypted(["sslmode=verify-full", trust], host: "localhost"))
        await #expect(throws: StreamError.self) {
            try await isEncrypted(["sslmode=verify-full", trust], host: "127.0.0.1")
        }
    }

    @Test func `a server without TLS is refused where it is required`() async throws {
        let plain = try await PostgresServer.shared.value
        let database = try PostgresDatabase(
            url: Secret(plain.url(options: ["sslmode=require"])),
            settings: .testing.with { $0.waitMilliseconds = 3_000 },
            logger: Logger(service: "test", level: .error, sink: RecordingSink()))
        let failure = await #expect(throws: StreamError.self) { try await database.sleep(seconds: 0) }
        #expect(String(describing: failure).contains("server does not support SSL"))
    }
}
