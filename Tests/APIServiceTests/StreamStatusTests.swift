import Foundation
import HTTP
import Media
import StreamingCore
import Testing

@testable import APIService

@Suite struct StreamStatusTests {
    private static let copied = LadderReport.Rendition(
        name: "1080p", size: PictureSize(width: 1920, height: 1080), frameRate: Ratio(30_000, 1001),
        bitsPerSecond: 6_010_000, mode: .copy)
    private static let encoded = LadderReport.Rendition(
        name: "720p", size: PictureSize(width: 1280, height: 720), frameRate: Ratio(30_000, 1001),
        bitsPerSecond: 5_000_000, mode: .encode(encoder: "libx264"))
    private static let sound = LadderReport.Rendition(
        name: "audio", size: nil, bitsPerSecond: 128_000, mode: .encode(encoder: "aac"))

    /// A stream that is on air.
    private func onAir(_ api: TestAPI) async throws -> StreamID {
        let id = try #require(StreamID(try await api.makeStream().string("id")))
        _ = try await api.streams.beginBroadcast(id, at: api.clock.now())
        api.statuses.received(StreamEvent(streamID: id, at: api.clock.now(), kind: .started))
        return id
    }

    private func tell(_ api: TestAPI, _ id: StreamID, _ kind: StreamEvent.Kind) {
        api.statuses.received(StreamEvent(streamID: id, at: api.clock.now(), kind: kind))
    }

    /// `state`, `degraded` and `reason` of the member `transcoding`, in one line.
    private func transcoding(_ api: TestAPI, _ id: StreamID) async -> String {
        guard let members = await api.send(.get, "/streams/\(id)").members["transcoding"] as? [String: Any] else {
            return "null"
        }
        let isDegraded = members["degraded"] as? Bool == true ? "degraded" : "whole"
        return "\(members["state"] ?? "") \(isDegraded) \(members["reason"] as? String ?? "null")"
    }

    @Test func `a stream shows what it is made in, and how that keeps up`() async throws {
        let api = try await TestAPI()
        let id = try await onAir(api)
        api.clock.advance(milliseconds: 2000)
        let report = LadderReport(
            renditions: [Self.copied, Self.encoded, Self.sound],
            degradation: .init(shedRenditions: ["480p"], reason: "1.7 s behind"), preset: "superfast",
            realTimeFactor: 0.98765, lagMilliseconds: 1700)
        tell(api, id, .renditionsChanged(report))
        let text = await api.send(.get, "/streams/\(id)").text
        #expect(
            text.contains(
                """
                "renditions":[\
                {"bits_per_second":6010000,"encoder":null,"frame_rate":29.97,"height":1080,"kind":"video",\
                "mode":"copy","name":"1080p","width":1920},\
                {"bits_per_second":5000000,"encoder":"libx264","frame_rate":29.97,"height":720,"kind":"video",\
                "mode":"encode","name":"720p","width":1280},\
                {"bits_per_second":128000,"encoder":"aac","frame_rate":null,"height":null,"kind":"audio",\
                "mode":"encode","name":"audio","width":null}]
                """), "\(text)")
        #expect(
            text.contains(
                """
                "transcoding":{"changed_at":"2026-11-23T12:00:02.000Z","copy_refusal":null,"degraded":true,\
                "failures":[],"lag_ms":1700,"preset":"superfast","real_time_factor":0.988,"reason":"1.7 s behind",\
                "shed_renditions":["480p"],"state":"degraded"}
                """), "\(text)")
        let list = await api.send(.get, "/streams?state=active").text
        #expect(list.contains(#""state":"degraded""#) && list.contains(#""name":"720p""#))
    }

    @Test func `a viewer learns what there is to watch, and no reasons`() async throws {
        let api = try await TestAPI()
        let id = try await onAir(api)
        let degradation = LadderReport.Degradation(shedRenditions: ["480p"], reason: "inside")
        tell(
            api, id,
            .renditionsChanged(
                LadderReport(renditions: [Self.encoded], copyRefusal: "inside", degradation: degradation)))
        let text = await api.send(.get, "/streams/\(id)", token: nil).text
        #expect(
            text.contains(
                """
                "renditions":[{"bits_per_second":5000000,"frame_rate":29.97,"height":720,"kind":"video","name":"720p",\
                "width":1280}]
                """), "\(text)")
        #expect(text.contains(#""transcoding":{"degraded":true,"state":"degraded"}"#), "\(text)")
        #expect(!text.contains("inside") && !text.contains("libx264"))
    }

    @Test func `a stream that was refused says why, and its source is there`() async throws {
        let api = try await TestAPI()
        let id = try await onAir(api)
        tell(api, id, .transcodingRefused(reason: "the load is 0.97"))
        #expect(await transcoding(api, id) == "refused degraded the load is 0.97")
        tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.copied, Self.sound])))
        #expect(await transcoding(api, id) == "refused degraded the load is 0.97")
        #expect(await api.send(.get, "/streams/\(id)").string("state") == "active")
        tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.copied, Self.encoded])))
        #expect(await transcoding(api, id) == "running whole null")
    }

    @Test func `one rendition that failed is missed until it is back`() async throws {
        let api = try await TestAPI()
        let id = try await onAir(api)
        tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.copied, Self.encoded, Self.sound])))
        tell(api, id, .transcodingFailed(rendition: "720p", reason: "no memory"))
        tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.copied, Self.sound])))
        #expect(await transcoding(api, id) == "degraded degraded no memory")
        let failures = await api.send(.get, "/streams/\(id)").text
        #expect(
            failures.contains(
                #""failures":[{"at":"2026-11-23T12:00:00.000Z","reason":"no memory","rendition":"720p"}]"#))
        tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.copied, Self.encoded, Self.sound])))
        #expect(await transcoding(api, id) == "running whole null")
    }

    @Test func `transcoding that failed as a whole leaves the source, until it works again`() async throws {
        let api = try await TestAPI()
        let id = try await onAir(api)
        tell(api, id, .transcodingFailed(rendition: nil, reason: "stood still for 300 s"))
        tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.copied])))
        #expect(await transcoding(api, id) == "failed degraded stood still for 300 s")
        tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.encoded])))
        #expect(await transcoding(api, id) == "running whole null")
    }

    @Test func `a source that is passed on alone on purpose lacks nothing`() async throws {
        let api = try await TestAPI()
        let id = try await onAir(api)
        #expect(await transcoding(api, id) == "null")
        tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.copied, Self.sound])))
        #expect(await transcoding(api, id) == "passthrough whole null")
    }

    @Test func `a status lasts over a reconnect and is forgotten at the end, at a deletion and with a new broadcast`()
        async throws
    {
        let api = try await TestAPI()
        let id = try await onAir(api)
        let report = StreamEvent.Kind.renditionsChanged(LadderReport(renditions: [Self.encoded]))
        tell(api, id, report)
        try await api.streams.setState(id, to: .reconnecting, failure: nil, at: api.clock.now())
        tell(api, id, .interrupted)
        #expect(await transcoding(api, id) == "running whole null")
        tell(api, id, .resumed)
        #expect(await transcoding(api, id) == "running whole null")
        for last in [StreamEvent.Kind.ended(.unpublished), .deleted, .started] {
            tell(api, id, report)
            tell(api, id, last)
            #expect(api.statuses.status(of: id) == nil)
        }
        // What comes late says nothing of a stream that is not on air.
        try await api.streams.setState(id, to: .ended, failure: nil, at: api.clock.now())
        tell(api, id, report)
        #expect(await transcoding(api, id) == "null")
        #expect((await api.send(.get, "/streams/\(id)").members["renditions"] as? [Any])?.isEmpty == true)
    }

    @Test func `a number that JSON has none for is told as none`() async throws {
        let api = try await TestAPI()
        let id = try await onAir(api)
        for factor in [Double.infinity, -.infinity, .nan] {
            tell(api, id, .renditionsChanged(LadderReport(renditions: [Self.encoded], realTimeFactor: factor)))
            let answer = await api.send(.get, "/streams/\(id)")
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""real_time_factor":null"#))
        }
    }

    @Test func `what is known comes from the log of events as long as somebody follows it`() async throws {
        struct OneEvent: EventLog {
            let event: StreamEvent
            func append(_ event: StreamEvent) async throws(StreamError) {}
            func follow(_ receive: @escaping @Sendable (StreamEvent) -> Void) async { receive(event) }
        }
        let time = WallTime(unixMilliseconds: 1_795_435_200_000)
        let event = StreamEvent(
            streamID: StreamID(at: time), at: time, kind: .renditionsChanged(LadderReport(renditions: [Self.copied])))
        let api = try await TestAPI()
        let live = LiveStatus(
            reports: ScriptedReportLog(), events: OneEvent(event: event), streams: api.streams, hub: RecordingHub(),
            recorder: nil, clock: api.clock, logger: Logger(service: "test", level: .error))
        let running = Task { try await live.run() }
        while live.statuses.status(of: event.streamID) == nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(live.statuses.status(of: event.streamID)?.report?.renditions == [Self.copied])
        running.cancel()
        try await running.value
    }

    @Test func `of too many streams the one that was silent longest is forgotten`() async throws {
        let board = StreamStatusBoard()
        let start = WallTime(unixMilliseconds: 1_795_435_200_000)
        let ids = (0...StreamStatusBoard.streamsMax).map { StreamID(at: start.adding(milliseconds: Int64($0))) }
        func report(_ place: Int, at milliseconds: Int64) {
            let time = start.adding(milliseconds: milliseconds)
            board.received(
                StreamEvent(streamID: ids[place], at: time, kind: .transcodingRefused(reason: "full")))
        }
        for place in 0..<StreamStatusBoard.streamsMax { report(place, at: Int64(place)) }
        report(0, at: 20_000)
        report(StreamStatusBoard.streamsMax, at: 20_001)
        #expect(board.status(of: ids[0]) != nil && board.status(of: ids[StreamStatusBoard.streamsMax]) != nil)
        #expect(board.status(of: ids[1]) == nil)
        #expect(board.status(of: ids[2]) != nil)
    }

    @Test func `failures have a maximum, the first are forgotten`() {
        let now = WallTime(unixMilliseconds: 0)
        var status = BroadcastStatus(at: now)
        for number in 0..<100 { status.failed(.init(rendition: "r\(number)", reason: "", at: now)) }
        #expect(status.failures.map(\.rendition) == (84..<100).map { "r\($0)" })
    }
}
