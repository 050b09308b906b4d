import StreamingCore
import Synchronization
import TestKit
import Testing

@Suite struct ServiceGroupTests {
    /// Runs until cancelled and writes down when it ended.
    private struct Recorded: Service {
        let name: String
        let journal: Journal
        var fails = false

        func run() async throws {
            if fails { throw StreamError.network(reason: "broken") }
            await untilCancelled()
            journal.add(name)
        }
    }

    private final class Journal: Sendable {
        private let names = Mutex<[String]>([])
        func add(_ name: String) { names.withLock { $0.append(name) } }
        var all: [String] { names.withLock { $0 } }
    }

    private let logger = Logger(service: "test", level: .error, sink: RecordingSink())

    @Test func `services end in the order of the list`() async throws {
        let journal = Journal()
        let services = ["ingest", "transcode", "http"].map { Recorded(name: $0, journal: journal) }
        try await ServiceGroup(services, logger: logger).run {}
        #expect(journal.all == ["ingest", "transcode", "http"])
    }

    @Test func `one that fails ends the others and is told`() async {
        let journal = Journal()
        let services = [Recorded(name: "a", journal: journal), Recorded(name: "b", journal: journal, fails: true)]
        await #expect(throws: StreamError.network(reason: "broken")) {
            try await ServiceGroup(services, logger: logger).run { await untilCancelled() }
        }
        #expect(journal.all == ["a"])
    }
}
