import Foundation
import StreamingCore
import Testing

@testable import APIService

@Suite struct LiveDeskTests {
    private static let start = WallTime(unixMilliseconds: 1_795_435_200_000)
    private let hub = RecordingHub()
    private let stream = StreamID(at: LiveDeskTests.start)
    private var topic: LiveTopic { .stream(stream) }

    private func desk() -> LiveDesk { LiveDesk(hub: hub, statuses: StreamStatusBoard()) }

    private func event(_ kind: StreamEvent.Kind, at seconds: Int64 = 0) -> StreamEvent {
        StreamEvent(streamID: stream, at: Self.start.adding(milliseconds: seconds * 1000), kind: kind)
    }

    private func second(_ number: Int64, hasSource: Bool = true) -> (LiveStatus.Current, WallTime) {
        let at = Self.start.adding(milliseconds: number * 1000)
        let metrics = StreamMetrics(
            streamID: stream, at: at, viewers: 3, viewersByRendition: ["720p": 3],
            source: hasSource ? SourceHealth() : nil)
        let health = StreamHealth(recent: [metrics], transcoding: nil)
        return (LiveStatus.Current(metrics: metrics, health: health), at)
    }

    @Test func `a broadcast is told from its beginning to its end`() {
        var desk = desk()
        for kind in [StreamEvent.Kind.started, .interrupted, .resumed, .ended(.unpublished)] {
            desk.happened(event(kind))
        }
        #expect(hub.types(on: topic) == ["status", "status", "status", "status"])
        #expect(hub.newest("status", on: topic)?["state"] as? String == "ended")
    }

    @Test func `a page that opens gets the state first, then the ladder and the newest second`() {
        var desk = desk()
        desk.happened(event(.started))
        desk.happened(event(.renditionsChanged(LadderReport(renditions: []))))
        let (current, at) = second(1)
        desk.secondPassed([current], at: at)
        #expect(hub.snapshotTypes(of: topic) == ["status", "quality", "metrics"])
    }

    @Test func `what was of the last broadcast is not shown in the next`() {
        var desk = desk()
        desk.happened(event(.started))
        desk.happened(event(.renditionsChanged(LadderReport(renditions: []))))
        let (current, at) = second(1)
        desk.secondPassed([current], at: at)
        desk.happened(event(.ended(.unpublished), at: 2))
        #expect(hub.snapshotTypes(of: topic) == ["status"])
    }

    @Test func `the title comes when the database has been asked, and no older state with it`() throws {
        var desk = desk()
        desk.happened(event(.started, at: 10))
        #expect(desk.unknown == [stream])
        // Asked before the broadcast was written down.
        desk.found(Stream(id: stream, title: "Evening show", state: .ended, createdAt: Self.start))
        let status = try #require(hub.newest("status", on: topic))
        #expect(status["title"] as? String == "Evening show")
        #expect(status["state"] as? String == "active")
        #expect(desk.unknown.isEmpty)
    }

    @Test func `a stream that was on air before this process is known by its reports`() throws {
        var desk = desk()
        let (current, at) = second(1)
        desk.secondPassed([current], at: at)
        #expect(desk.unknown == [stream])
        desk.found(
            Stream(id: stream, title: "Evening show", state: .active, createdAt: Self.start, startedAt: Self.start))
        #expect(hub.newest("status", on: topic)?["state"] as? String == "active")
    }

    @Test func `the overview has all streams on air with their newest second`() throws {
        var desk = desk()
        desk.happened(event(.started))
        let (current, at) = second(1)
        desk.secondPassed([current], at: at)
        let streams = try #require(hub.newest("overview", on: .overview)?["streams"] as? [[String: Any]])
        #expect(streams.count == 1)
        #expect(streams[0]["viewers"] as? Int == 3)
        #expect(streams[0]["state"] as? String == "active")
        desk.happened(event(.ended(.unpublished), at: 2))
        desk.secondPassed([], at: at.adding(milliseconds: 1000))
        #expect((hub.newest("overview", on: .overview)?["streams"] as? [Any])?.isEmpty == true)
    }

    @Test func `what goes wrong is told to the page and to all who look at all streams`() {
        var desk = desk()
        desk.happened(event(.started))
        for number in 1...4 {
            let (current, at) = second(Int64(number), hasSource: false)
            desk.secondPassed([current], at: at)
        }
        #expect(hub.newest("notice", on: topic)?["code"] as? String == "no_source")
        #expect(hub.newest("alert", on: .overview)?["level"] as? String == "error")
        #expect(hub.snapshotTypes(of: topic).contains("notice"))
    }

    @Test func `what is wrong is written once and kept for those who come, until it is over`() {
        var desk = desk()
        desk.happened(event(.started))
        for number in 1...6 {
            let (current, at) = second(Int64(number), hasSource: false)
            desk.secondPassed([current], at: at)
        }
        let third = Self.start.adding(milliseconds: 3000).description
        #expect(hub.snapshotTimes(of: "notice", on: topic) == [third])
        #expect(hub.snapshotTimes(of: "alert", on: .overview) == [third])
        #expect(hub.types(on: .overview).count { $0 == "alert" } == 1)
        for number in 7...17 {
            let (current, at) = second(Int64(number))
            desk.secondPassed([current], at: at)
        }
        #expect(hub.snapshotTimes(of: "notice", on: topic).isEmpty)
        #expect(hub.snapshotTypes(of: .overview) == ["overview"])
        desk.happened(event(.ended(.unpublished), at: 18))
        #expect(hub.snapshotTypes(of: topic) == ["status"])
    }

    @Test func `all streams are not told of when nobody looks at them, and who comes first misses nothing`() {
        var desk = desk()
        hub.isListenedTo(false)
        desk.happened(event(.started))
        for number in 1...5 {
            let (current, at) = second(Int64(number), hasSource: false)
            #expect(desk.secondPassed([current], at: at).streams.count == 1)
        }
        #expect(hub.types(on: .overview).isEmpty && hub.snapshotTypes(of: .overview).isEmpty)
        hub.isListenedTo(true)
        for number in 6...7 {
            let (current, at) = second(Int64(number), hasSource: false)
            desk.secondPassed([current], at: at)
        }
        #expect(hub.types(on: .overview) == ["overview", "alert", "overview"])
        #expect(hub.snapshotTypes(of: .overview) == ["overview", "alert"])
        hub.isListenedTo(false)
        let (current, at) = second(8, hasSource: false)
        desk.secondPassed([current], at: at)
        #expect(hub.snapshotTypes(of: .overview).isEmpty, "who comes later is not shown this second")
    }

    @Test func `who has a page of a deleted stream is told, and then goodbye`() {
        var desk = desk()
        desk.happened(event(.started))
        desk.happened(event(.deleted))
        #expect(hub.newest("status", on: topic)?["state"] as? String == "deleted")
        #expect(hub.hasEnded(topic))
    }

    @Test func `a title that breaks out of JSON does not`() throws {
        var desk = desk()
        desk.happened(event(.started))
        let title = #""},"state":"deleted" </script> \u0000 \"#
        desk.found(Stream(id: stream, title: title, state: .active, createdAt: Self.start))
        let status = try #require(hub.newest("status", on: topic))
        #expect(status["title"] as? String == title)
        #expect(status["state"] as? String == "active")
    }
}
