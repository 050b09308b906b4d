import Foundation
import TestKit
import Testing

/// Who watches at several deliveries. The broker is librdkafka's mock cluster, all else is real.
@Suite(.serialized, .timeLimit(.minutes(4))) struct AudienceReplicaTests {
    private static let count = 24
    private static let leaving = 6

    @Test func `each viewer counts once at two deliveries, also when one of them is killed`() async throws {
        let cluster = try await ServiceCluster()
        let apis = [try await cluster.start("api"), try await cluster.start("api")]
        let ingest = try await cluster.start("ingest")
        let worker = try await cluster.start("transcode")
        let deliveries = [try await cluster.start("delivery"), try await cluster.start("delivery")]
        let made = try await ServiceCluster.text("POST", "/streams", of: apis[0], body: #"{"title":"Test"}"#)
        let stream = try #require(ServiceCluster.member("id", in: made))
        let key = try #require(ServiceCluster.member("stream_key", in: made))
        let clip = try await TestClip.make(in: cluster.directory.url, seconds: 8, size: "320x180", reorders: false)
        let encoder = try Encoder.ffmpeg.publish(
            clip, to: "rtmp://127.0.0.1:\(ingest.port)/live/\(key)", in: cluster.directory.url, loops: true)

        let viewers = (0..<Self.count).map { WanderingViewer($0, of: stream, at: deliveries.map(\.port)) }
        try await eventually("there is something to watch: \(worker.child.errors)") { try await viewers[0].act() }
        let pages = (apis + deliveries).map { StreamPage(on: $0.port) }
        let living = [pages[0], pages[1], pages[3]]
        let listening = pages.map { page in Task { try await page.listen(to: stream) } }
        let watching = Task { try await Self.watch(viewers) }
        defer { for task in listening + [watching] { task.cancel() } }

        let desk = Desk(stream: stream, apis: apis)
        try await desk.expect(Self.count, pages)
        try await desk.expectSteady(Self.count, living, seconds: 3, viewers)
        // Each says so to the delivery that it did not ask last.
        for viewer in viewers.suffix(Self.leaving) { await viewer.become(.leaving) }
        try await desk.expect(Self.count - Self.leaving, pages)

        deliveries[0].child.signal(SIGKILL)
        // For longer than a session may be silent: who asked the one that died goes on at the other.
        try await desk.expectSteady(Self.count - Self.leaving, living, seconds: 9, viewers)
        for viewer in viewers.prefix(Self.leaving) { await viewer.become(.silent) }
        for viewer in viewers[Self.leaving..<2 * Self.leaving] { await viewer.become(.leaving) }
        try await desk.expect(Self.count - 3 * Self.leaving, living)
        #expect(try await desk.sessions("limit=500", apis[1]) == Self.count, "nobody was taken for two")
        for page in pages { #expect((page.viewers.max() ?? 0) <= Self.count, "nobody was ever taken for two") }
        _ = try await encoder.stop()
    }

    /// All of them, again and again, until cancelled.
    private static func watch(_ viewers: [WanderingViewer]) async throws {
        while true {
            try await withThrowingTaskGroup { group in
                for lane in 0..<4 {
                    group.addTask {
                        for index in stride(from: lane, to: viewers.count, by: 4) { try await viewers[index].act() }
                    }
                }
                try await group.waitForAll()
            }
            try await Task.sleep(for: .milliseconds(300))
        }
    }
}

/// Where all counts of one stream come together.
private struct Desk {
    let stream: String
    let apis: [ServiceCluster.Process]

    /// Waits until every process says the same.
    func expect(_ viewers: Int, _ pages: [StreamPage]) async throws {
        var counts: [Int?] = []
        do {
            try await eventually("all count \(viewers)") {
                counts = pages.map(\.viewers.last)
                for api in apis {
                    counts.append(try await number("viewers", "/streams/\(stream)", api))
                    counts.append(try await sessions("open=true&limit=500", api))
                }
                return Set(counts) == [viewers]
            }
        } catch {
            Issue.record("\(viewers) watch, but pages, and each API and its database, count \(counts)")
            throw error
        }
    }

    /// Listens for some seconds, in which nothing may change.
    func expectSteady(
        _ count: Int, _ pages: [StreamPage], seconds: Int, _ viewers: [WanderingViewer]
    ) async throws {
        let before = pages.map(\.viewers.count)
        try await eventually("\(seconds) numbers are told") {
            zip(pages, before).allSatisfy { $0.viewers.count >= $1 + seconds }
        }
        var longest = Duration.zero
        for viewer in viewers { longest = max(longest, await viewer.longestPause) }
        for (page, before) in zip(pages, before) {
            let told = page.viewers.dropFirst(before)
            // On a machine so slow that viewers were silent themselves, fewer may have been counted.
            #expect(Set(told) == [count] || longest > .seconds(3) && told.last == count, "\(told)")
        }
    }

    func sessions(_ query: String, _ api: ServiceCluster.Process) async throws -> Int? {
        let text = try await ServiceCluster.text("GET", "/streams/\(stream)/viewers?\(query)", of: api)
        return (Self.members(text)["viewers"] as? [Any])?.count
    }

    private func number(_ name: String, _ path: String, _ api: ServiceCluster.Process) async throws -> Int? {
        Self.members(try await ServiceCluster.text("GET", path, of: api))[name] as? Int
    }

    private static func members(_ text: String?) -> [String: Any] {
        (text.flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) } as? [String: Any]) ?? [:]
    }
}
