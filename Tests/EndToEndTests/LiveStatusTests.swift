import Foundation
import Synchronization
import TestKit
import Testing

/// What open pages are told when an encoder comes, breaks off, comes back and goes.
@Suite(.serialized, .timeLimit(.minutes(4))) struct LiveStatusTests {
    /// How long after the encoder's stop every open page must know.
    private static let newsWithin = Duration.seconds(2)

    @Test func `a page is told within two seconds that the encoder has broken off, is back, and is done`() async throws
    {
        let sluice = try await SluiceProcess(environment: ["RECONNECT_GRACE_SECONDS": "30"])
        let stream = try await sluice.makeStream()
        let page = StreamPage(on: sluice.httpPort)
        try await watch([page], stream.id) {
            let clip = try await TestClip.make(in: sluice.directory.url, seconds: 6)
            try await tell([page]) {
                try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            }
        }
        // A state is told again when more is known of the stream, such as its title.
        let states = page.states.map(\.state).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        #expect(states == ["created", "active", "reconnecting", "active", "ended"])
    }

    @Test func `pages of two replicas are told at the same time`() async throws {
        let cluster = try await ServiceCluster()
        let apis = [try await cluster.start("api"), try await cluster.start("api")]
        let ingest = try await cluster.start("ingest", environment: ["RECONNECT_GRACE_SECONDS": "30"])
        _ = try await cluster.start("transcode")
        let made = try await ServiceCluster.text("POST", "/streams", of: apis[0], body: #"{"title":"Test"}"#)
        let stream = try #require(ServiceCluster.member("id", in: made))
        let key = try #require(ServiceCluster.member("stream_key", in: made))
        let pages = apis.map { StreamPage(on: $0.port) }
        try await watch(pages, stream) {
            let clip = try await TestClip.make(in: cluster.directory.url, seconds: 6)
            try await tell(pages) {
                try Encoder.ffmpeg.publish(
                    clip, to: "rtmp://127.0.0.1:\(ingest.port)/live/\(key)", in: cluster.directory.url, loops: true)
            }
        }
    }

    private func watch(_ pages: [StreamPage], _ stream: String, while body: () async throws -> Void) async throws {
        let listening = pages.map { page in Task { try await page.listen(to: stream) } }
        defer { for task in listening { task.cancel() } }
        try await eventually("the present state is told first") { pages.allSatisfy { $0.states.count == 1 } }
        try await body()
    }

    /// An encoder comes, is killed, comes back and ends as encoders do.
    private func tell(_ pages: [StreamPage], publish: () throws -> ChildProcess) async throws {
        let pace = Pace()
        let watching = Task { try await pace.watch() }
        defer { watching.cancel() }
        let first = try publish()
        try await expect("active", pages)
        let killed = ContinuousClock.now
        first.signal(SIGKILL)
        try await expect("reconnecting", pages)
        let second = try publish()
        try await expect("active", pages)
        let stopped = ContinuousClock.now
        second.signal(SIGINT)
        try await expect("ended", pages)
        for page in pages {
            let states = page.states
            let brokenOff = try #require(states.last { $0.state == "reconnecting" }).at
            let ended = try #require(states.last).at
            // On a machine so busy that sleepers oversleep, all of it takes longer.
            #expect(brokenOff - killed < Self.newsWithin + pace.slack, "broken off, at \(states)")
            #expect(ended - stopped < Self.newsWithin + pace.slack, "ended, at \(states)")
        }
        _ = try await first.wait(seconds: 20)
        _ = try await second.wait(seconds: 20)
    }

    private func expect(_ state: String, _ pages: [StreamPage]) async throws {
        try await eventually("all pages are told that it is \(state)") {
            pages.allSatisfy { $0.states.last?.state == state }
        }
    }
}

/// How much longer than asked for a sleep takes on this machine.
private final class Pace: Sendable {
    private let longest = Mutex(Duration.zero)

    /// For ten steps, each of which may wait for its turn.
    var slack: Duration { longest.withLock { $0 } * 10 }

    func watch() async throws {
        while true {
            let began = ContinuousClock.now
            try await Task.sleep(for: .milliseconds(50))
            let overslept = began.duration(to: .now) - .milliseconds(50)
            longest.withLock { $0 = max($0, overslept) }
        }
    }
}
