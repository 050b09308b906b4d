public import Foundation

/// A program that a test starts, with its output in files, ended at the latest with the test.
public final class ChildProcess: @unchecked Sendable {
    // `@unchecked Sendable`: `Process` is started once in `init`; what is called afterwards (signals, waiting, status) is
    // thread-safe.
    private let process = Process()
    private let outputFile: URL
    private let errorFile: URL

    /// - Parameters:
    ///   - command: The program's name or path, then its arguments.
    ///   - environment: Added to a minimal environment.
    ///   - directory: Where its output goes; must exist.
    public init(
        _ command: [String], environment: [String: String] = [:], in directory: URL, name: String? = nil,
        workingDirectory: URL? = nil
    ) throws {
        let label = (name ?? command[0].split(separator: "/").last.map(String.init) ?? "program") + "-" + UUID().uuidString
        outputFile = directory.appending(path: label + ".out")
        errorFile = directory.appending(path: label + ".err")
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        var variables = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        variables["HOME"] = directory.path
        process.environment = variables.merging(environment) { _, new in new }
        process.currentDirectoryURL = workingDirectory ?? directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    public var identifier: Int32 { process.processIdentifier }
    public var isRunning: Bool { process.isRunning }
    public var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    public var errors: String { String(decoding: (try? Data(contentsOf: errorFile)) ?? Data(), as: UTF8.self) }

    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the program to end by itself.
    ///
    /// - Returns: Its exit status, or the number of the signal that ended it, negated.
    public func wait(seconds: Double) async throws -> Int32 {
        try await eventually("\(process.arguments?.first ?? "program") ends", within: seconds) { !self.process.isRunning }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Sends SIGTERM, waits, and kills what does not go.
    @discardableResult public func stop(seconds: Double = 15) async throws -> Int32 {
        signal(SIGTERM)
        return try await wait(seconds: seconds)
    }

    /// Runs a program to its end.
    public static func run(
        _ command: [String], environment: [String: String] = [:], in directory: URL, seconds: Double
    ) async throws -> (status: Int32, output: String, errors: String) {
        let child = try ChildProcess(command, environment: environment, in: directory)
        let status = try await child.wait(seconds: seconds)
        return (status, child.output, child.errors)
    }
}
