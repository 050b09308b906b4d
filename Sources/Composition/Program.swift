import Foundation
import Network
import StreamingCore

/// One executable: reads the command line and the configuration, runs its services, and ends in order.
///
/// Exit statuses follow `sysexits.h`: 0 after an orderly end, 64 for a wrong command line, 69 when something that it
/// needs cannot be had, 78 for a wrong configuration, 1 when a service fails while running.
public struct Program: Sendable {
    private let name: String
    private let summary: String
    private let roles: Role

    public init(name: String, summary: String, roles: Role) {
        self.name = name
        self.summary = summary
        self.roles = roles
    }

    public func run() async -> Never {
        switch Invocation(arguments: CommandLine.arguments.dropFirst()) {
        case .help: end(0, saying: Invocation.helpText(program: name, summary: summary))
        case .version: end(0, saying: "\(name) \(Invocation.versionNumber)")
        case .mistake(let argument): end(64, complaining: "\(name): unknown argument '\(argument)'; see --help")
        case .migrate: await migrate(configuration())
        case .run: await serve(configuration())
        }
    }

    private func configuration() -> Configuration {
        do throws(ConfigurationFailure) {
            // Without a .env file there is nothing to read, and that is no mistake.
            let dotEnv = try? String(contentsOfFile: ".env", encoding: .utf8)
            return try Configuration(environment: ProcessInfo.processInfo.environment, dotEnv: dotEnv) {
                try? String(contentsOfFile: $0, encoding: .utf8)
            }
        } catch {
            end(78, complaining: "\(name): the configuration is wrong:\n\(error)")
        }
    }

    private func serve(_ configuration: Configuration) async -> Never {
        let signals = TerminationSignals()
        let logger = Logger(service: name, level: configuration.logLevel)
        let assembly: Assembly
        do {
            EventLoopGroup.raiseDescriptorLimit()
            let loops = try EventLoopGroup(
                count: configuration.eventLoopCount == 0 ? EventLoopGroup.coreCount : configuration.eventLoopCount)
            assembly = try await Assembly(configuration, roles: roles, loops: loops, logger: logger)
            if roles == .all {
                try FileHandle.standardOutput.write(
                    contentsOf: Data(try await Announcement(assembly, configuration: configuration).text.utf8))
            } else {
                sayWhatIsMissing(configuration, logger)
            }
        } catch {
            end(69, complaining: "\(name): cannot start: \(error)")
        }
        do {
            try await ServiceGroup(assembly.services, logger: logger).run { await signals.wait() }
        } catch {
            end(1, complaining: "\(name): stopped by a failure: \(error)")
        }
        logger.info("stopped")
        end(0)
    }

    private func migrate(_ configuration: Configuration) async -> Never {
        do {
            let applied = try await Backends.migrate(configuration, logger: Logger(service: name, level: .warning))
            end(0, saying: applied.isEmpty ? "The database is up to date." : applied.joined(separator: "\n"))
        } catch {
            end(69, complaining: "\(name): cannot migrate: \(error)")
        }
    }

    /// A process of one role alone is of little use without back ends that processes share.
    private func sayWhatIsMissing(_ configuration: Configuration, _ logger: Logger) {
        guard configuration.backends.kafkaBrokers.isEmpty else { return }
        if roles.contains(.ingest) {
            logger.warning("KAFKA_BROKERS is not set: broadcasts reach no viewer")
        }
        if roles.contains(.transcode) {
            logger.warning("KAFKA_BROKERS is not set: there is nothing to package")
        }
        if roles.contains(.delivery) {
            logger.warning("KAFKA_BROKERS is not set: there is nothing to serve")
        }
    }

    private func end(_ status: Int32, saying text: String? = nil, complaining complaint: String? = nil) -> Never {
        StandardErrorSink.shared.flush()
        // Where standard output or error is closed there is nobody to tell.
        if let text { try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8)) }
        if let complaint { try? FileHandle.standardError.write(contentsOf: Data((complaint + "\n").utf8)) }
        exit(status)
    }
}
