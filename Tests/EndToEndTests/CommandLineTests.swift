import Foundation
import TestKit
import Testing

/// Every executable behaves on the command line as an operator expects.
@Suite(.timeLimit(.minutes(1))) struct CommandLineTests {
    static let programs = ["sluice", "ingest", "transcode", "delivery", "api"]

    private func run(_ program: String, _ arguments: [String], _ environment: [String: String] = [:]) async throws -> (
        status: Int32, output: String, errors: String
    ) {
        let directory = try TemporaryDirectory()
        let folder = program == "sluice" ? "release" : "debug"
        let path = SluiceProcess.root.appending(path: ".build/\(folder)/\(program)").path
        return try await ChildProcess.run([path] + arguments, environment: environment, in: directory.url, seconds: 20)
    }

    @Test(arguments: programs) func `--help names every variable, --version the version`(program: String) async throws {
        let help = try await run(program, ["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("RTMP_PORT") && help.output.contains("SEGMENT_SECONDS"))
        let version = try await run(program, ["--version"])
        #expect(version.status == 0)
        #expect(version.output.hasPrefix("\(program) "))
        #expect(try await run(program, ["--nonsense"]).status == 64)
    }

    @Test(arguments: programs) func `all configuration mistakes are told at once`(program: String) async throws {
        let result = try await run(
            program, [], ["RTMP_PORT": "none", "SEGMENT_SECONDS": "-1", "LADDER": "8k", "LOG_LEVEL": "loud"])
        #expect(result.status == 78)
        for name in ["RTMP_PORT", "SEGMENT_SECONDS", "LADDER", "LOG_LEVEL"] { #expect(result.errors.contains(name)) }
    }

    @Test func `a second process that takes broadcasts on the same folder refuses to start`() async throws {
        let sluice = try await SluiceProcess()
        let folder = sluice.directory.url.appending(path: "data").path
        let result = try await run(
            "ingest", [], ["DATA_DIR": folder, "RTMP_PORT": "0", "HTTP_PORT": "0", "METRICS_PORT": "0"])
        #expect(result.status == 69)
        #expect(result.errors.contains("DATA_DIR"))
    }

    @Test func `a data folder that is a file is told in a sentence`() async throws {
        let result = try await run("api", [], ["DATA_DIR": "/etc/passwd", "HTTP_PORT": "0", "RTMP_PORT": "0"])
        #expect(result.status == 69)
        #expect(result.errors.contains("/etc/passwd") && result.errors.contains("is no folder"))
    }
}
