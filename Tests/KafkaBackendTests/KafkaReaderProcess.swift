import Foundation
import KafkaBackend
import StreamingCore
import TestKit

/// A process of `kafka-reader`, and what it has said.
struct KafkaReaderProcess {
    let child: ChildProcess
    private let directory: TemporaryDirectory

    /// Where the build puts executables, beside that of these tests.
    static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    /// - Parameter database: Where the leases are, as a URL.
    init(
        _ configuration: KafkaConfiguration, database: String, leaseMilliseconds: Int = 1500,
        entriesPerCommit: Int = 10
    ) throws {
        directory = try TemporaryDirectory()
        let program = Self.products.appending(path: "kafka-reader").path
        child = try ChildProcess(
            [
                program, configuration.brokers, configuration.prefix, database, String(leaseMilliseconds),
                String(entriesPerCommit), String(configuration.fetchWaitMilliseconds),
            ], in: directory.url)
    }

    /// A line of its output, in words.
    struct Line {
        let words: [Substring]

        var kind: Substring { words[0] }
        func concerns(_ stream: StreamID) -> Bool { words.count > 1 && words[1] == stream.description }
    }

    func lines(_ kind: String, of stream: StreamID) -> [Line] {
        // The last line may not be whole yet.
        let text = child.output
        let whole = text.lastIndex(of: "\n").map { text[..<$0] } ?? ""
        return whole.split(separator: "\n").map { Line(words: $0.split(separator: " ")) }
            .filter { $0.kind == kind && $0.concerns(stream) }
    }

    /// The positions of the entries that it was given.
    func positions(of stream: StreamID) -> [Int64] { lines("entry", of: stream).compactMap { Int64($0.words[2]) } }

    /// The positions that it committed.
    func commits(of stream: StreamID) -> [Int64] { lines("commit", of: stream).compactMap { Int64($0.words[2]) } }

    /// The fence and the position of the checkpoint of each reading.
    func readings(of stream: StreamID) -> [(fence: Int64, checkpoint: Int64?)] {
        lines("read", of: stream).compactMap { line in Int64(line.words[2]).map { ($0, Int64(line.words[3])) } }
    }
}

extension KafkaConfiguration {
    /// For topics of a test.
    static func test(_ broker: KafkaTestBroker, prefix: String = KafkaBroker.uniquePrefix()) -> KafkaConfiguration {
        var configuration = KafkaConfiguration(brokers: broker.bootstrap)
        configuration.prefix = prefix
        configuration.partitions = 4
        configuration.fetchWaitMilliseconds = broker.fetchWaitMilliseconds
        return configuration
    }

    /// For topics of a test on a mock cluster of its own.
    static func test(_ broker: KafkaBroker, prefix: String = KafkaBroker.uniquePrefix()) -> KafkaConfiguration {
        test(KafkaTestBroker(broker), prefix: prefix)
    }
}
