import Foundation
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import APIService

/// Over real connections, to a server that is written in another language.
@Suite(.timeLimit(.minutes(1))) struct WebhookSenderTests {
    private let secret = "a secret that is long enough"

    /// What the server got.
    private struct Receipt: Decodable {
        struct Event: Decodable {
            let id: String
            let type: String
            let stream: String
        }
        let path: String
        let event: Event
        let id: String
        let genuine: Bool
        let fresh: Bool
        let type: String
    }

    /// The server, and a sender that tells it of events at some of its paths.
    private final class Stage: Sendable {
        let directory: TemporaryDirectory
        let server: ChildProcess
        let events = TellingEventLog()

        init(secret: String) async throws {
            directory = try TemporaryDirectory()
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "receiver.py").path
            server = try ChildProcess(["python3", "-u", script, secret], in: directory.url)
            try await eventually("the receiver listens") { [server] in server.output.contains("\n") }
        }

        func sender(
            to paths: [String], secret: String, claims: any WebhookClaims = SoleSender(),
            timeout: Duration = .seconds(10)
        ) -> WebhookSender {
            let port = server.output.prefix { $0 != "\n" }
            return WebhookSender(
                addresses: paths.map { "http://127.0.0.1:\(port)/\($0)" }, secret: Secret(secret), events: events,
                claims: claims, answerTimeout: timeout, clock: SystemWallClock(),
                logger: Logger(service: "test", level: .debug, sink: RecordingSink()))
        }

        var receipts: [Receipt] {
            server.output.split(separator: "\n").dropFirst().compactMap {
                try? JSONDecoder().decode(Receipt.self, from: Data($0.utf8))
            }
        }
    }

    private func event(_ stream: StreamID, _ kind: StreamEvent.Kind) -> StreamEvent {
        StreamEvent(streamID: stream, at: SystemWallClock().now(), kind: kind)
    }

    private func running(_ sender: WebhookSender, _ body: () async throws -> Void) async throws {
        let task = Task { try await sender.run() }
        defer { task.cancel() }
        try await body()
        task.cancel()
        try await task.value
    }

    @Test func `events are told in order and signed, also to a receiver that fails at first`() async throws {
        let stage = try await Stage(secret: secret)
        try await running(stage.sender(to: ["ok", "fail-2"], secret: secret)) {
            try await stage.events.followed()
            let stream = StreamID(at: SystemWallClock().now())
            let told = [event(stream, .started), event(stream, .interrupted), event(stream, .ended(.graceExpired))]
            for event in told { stage.events.tell(event) }
            let ids = told.map(\.id.description)
            try await eventually("all is told") {
                stage.receipts.count { $0.path == "/ok" } == 3 && stage.receipts.count { $0.path == "/fail-2" } == 5
            }
            let receipts = stage.receipts
            #expect(receipts.filter { $0.path == "/ok" }.map(\.id) == ids)
            // The first one three times, and only then the others.
            #expect(receipts.filter { $0.path == "/fail-2" }.map(\.id) == [ids[0], ids[0]] + ids)
            #expect(receipts.allSatisfy { $0.genuine && $0.fresh && $0.id == $0.event.id })
            #expect(receipts.allSatisfy { $0.type == "application/json" && $0.event.stream == "\(stream)" })
            #expect(
                receipts.filter { $0.path == "/ok" }.map(\.event.type)
                    == ["stream.started", "stream.interrupted", "stream.ended"])
        }
    }

    @Test func `one that stalls is asked again and holds up nobody`() async throws {
        let stage = try await Stage(secret: secret)
        try await running(stage.sender(to: ["stall-1", "ok"], secret: secret, timeout: .milliseconds(400))) {
            try await stage.events.followed()
            stage.events.tell(event(StreamID(at: SystemWallClock().now()), .started))
            try await eventually("both are told") {
                stage.receipts.count { $0.path == "/ok" } == 1 && stage.receipts.count { $0.path == "/stall-1" } == 2
            }
        }
    }

    @Test func `a redirection is not followed, and who is gone is not asked again`() async throws {
        let stage = try await Stage(secret: secret)
        try await running(stage.sender(to: ["redirect", "gone"], secret: secret)) {
            try await stage.events.followed()
            stage.events.tell(event(StreamID(at: SystemWallClock().now()), .started))
            // That it is asked again shows that the redirection was a failure.
            try await eventually("it is asked again") { stage.receipts.count { $0.path == "/redirect" } == 2 }
            #expect(!stage.receipts.contains { $0.path == "/stolen" })
            #expect(stage.receipts.count { $0.path == "/gone" } == 1)
        }
    }

    @Test func `what happened just before the end of the process is told`() async throws {
        let stage = try await Stage(secret: secret)
        try await running(stage.sender(to: ["ok"], secret: secret)) {
            try await stage.events.followed()
            let stream = StreamID(at: SystemWallClock().now())
            for kind in [StreamEvent.Kind.started, .ended(.shutdown)] { stage.events.tell(event(stream, kind)) }
        }
        #expect(stage.receipts.map(\.event.type) == ["stream.started", "stream.ended"])
    }

    @Test func `of two processes one tells`() async throws {
        let stage = try await Stage(secret: secret)
        let claims = OneOfTwo()
        let first = stage.sender(to: ["ok"], secret: secret, claims: claims.seen(by: 1))
        let second = stage.sender(to: ["ok"], secret: secret, claims: claims.seen(by: 2))
        try await running(first) {
            try await running(second) {
                try await stage.events.followed(by: 2)
                for _ in 0..<5 { stage.events.tell(event(StreamID(at: SystemWallClock().now()), .started)) }
                try await eventually("all are settled at both") { claims.settledAnswers == 5 }
                #expect(stage.receipts.count == 5)
            }
        }
    }
}

/// Tells followers what a test says.
private final class TellingEventLog: EventLog {
    private let followers = Mutex<[@Sendable (StreamEvent) -> Void]>([])

    func append(_ event: StreamEvent) async throws(StreamError) { tell(event) }

    func tell(_ event: StreamEvent) { for follower in followers.withLock({ $0 }) { follower(event) } }

    func follow(_ receive: @escaping @Sendable (StreamEvent) -> Void) async {
        followers.withLock { $0.append(receive) }
        await untilCancelled()
    }

    func followed(by count: Int = 1) async throws {
        try await eventually("the sender follows") { self.followers.withLock { $0.count } == count }
    }
}

/// Claims in memory, as two processes share them.
private final class OneOfTwo: Sendable {
    private enum Standing { case claimed(Int), settled }
    private let standings = Mutex<[UUIDv7: Standing]>([:])
    private let answers = Mutex(0)

    /// How often somebody learnt that an event is told.
    var settledAnswers: Int { answers.withLock { $0 } }

    struct View: WebhookClaims {
        let claims: OneOfTwo
        let name: Int

        func claim(_ event: UUIDv7, for address: String, at time: WallTime) async -> WebhookClaim {
            claims.standings.withLock { standings in
                switch standings[event] {
                case nil:
                    standings[event] = .claimed(name)
                    return .ours
                case .claimed(let owner): return owner == name ? .ours : .others
                case .settled:
                    claims.answers.withLock { $0 += 1 }
                    return .settled
                }
            }
        }

        func settle(_ event: UUIDv7, for address: String) async {
            claims.standings.withLock { $0[event] = .settled }
        }
    }

    func seen(by name: Int) -> View { View(claims: self, name: name) }
}
