public import Foundation
import Synchronization

/// A program that a test starts, with its output in files, killed at the latest with this object.
///
/// Spawned here and not by Foundation's `Process`, because a child inherits its parent thread's signal mask, and tasks
/// run on threads that block SIGTERM: an encoder started there could never be told to stop.
public final class ChildProcess: Sendable {
    public let identifier: pid_t
    private let name: String
    private let outputFile: URL
    private let errorFile: URL
    /// The exit status, or the number of the ending signal, negated; `nil` while it runs.
    private let outcome = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - command: The program's name or path, then its arguments.
    ///   - environment: Added to a minimal environment.
    ///   - directory: Where its output goes; must exist.
    public init(
        _ command: [String], environment: [String: String] = [:], in directory: URL, name: String? = nil,
        workingDirectory: URL? = nil
    ) throws {
        let program = name ?? command[0].split(separator: "/").last.map(String.init) ?? "program"
        self.name = program
        let label = program + "-" + UUID().uuidString
        outputFile = directory.appending(path: label + ".out")
        errorFile = directory.appending(path: label + ".err")
        var variables = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        variables["HOME"] = directory.path
        variables.merge(environment) { _, new in new }
        identifier = try spawn(
            command, variables.map { "\($0.key)=\($0.value)" }, output: outputFile.path, errors: errorFile.path,
            directory: (workingDirectory ?? directory).path)
    }

    deinit {
        guard isRunning else { return }
        kill(identifier, SIGKILL)
        var status: Int32 = 0
        waitpid(identifier, &status, 0)
    }

    public var isRunning: Bool { endStatus == nil }
    public var output: String { text(of: outputFile) }
    public var errors: String { text(of: errorFile) }

    public func signal(_ number: Int32) { if isRunning { kill(identifier, number) } }

    /// Waits for the program to end by itself.
    ///
    /// - Returns: Its exit status, or the number of the signal that ended it, negated.
    public func wait(seconds: Double) async throws -> Int32 {
        try await eventually("\(name) ends", within: seconds) { !self.isRunning }
        return endStatus ?? -1
    }

    /// Sends SIGTERM and waits for the end.
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

    private var endStatus: Int32? {
        outcome.withLock { outcome in
            if outcome != nil { return outcome }
            var status: Int32 = 0
            guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
            outcome = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
            return outcome
        }
    }

    private func text(of file: URL) -> String {
        String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    }
}

/// Starts a program with no signal blocked, nothing on standard input, and its output in files.
private func spawn(
    _ command: [String], _ environment: [String], output: String, errors: String, directory: String
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let command = ["env", "-C", directory] + command
    var arguments = command.map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var identifier: pid_t = 0
    let failure = posix_spawnp(&identifier, command[0], &actions, &attributes, &arguments, &variables)
    guard failure == 0 else { throw NeverHappened(description: "\(command[0]) did not start: errno \(failure)") }
    return identifier
}
