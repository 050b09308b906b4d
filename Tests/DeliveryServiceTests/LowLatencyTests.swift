import Bytes
import HTTP
import Packaging
import SQLiteBackend
import StreamingCore
import TestKit
import Testing

@testable import DeliveryService

/// Blocking playlists and parts, from real packaged segments.
@Suite struct LowLatencyTests {
    private static let playlist = "/hls/ID/audio/playlist.m3u8"

    private func edge(_ stage: Stage) throws -> (sequence: Int64, part: Int) {
        try #require(stage.window.liveEdge(of: "audio"))
    }

    @Test func `a playlist is held until it has the part, and is then cached for long`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            let query = "_HLS_msn=\(edge.sequence)&_HLS_part=\(edge.part + 1)"
            async let held = stage.get(Self.playlist, query: query)
            try await eventually("the request is held") { stage.service.heldRequestCount == 1 }
            try await stage.play(frames: 16)
            let answer = await held
            #expect(answer.status == .ok)
            #expect(answer.text.contains("segment-\(edge.sequence).\(edge.part + 1).m4s"))
            #expect(answer.fields["cache-control"] == "public, max-age=12")
            let again = await stage.get(Self.playlist, query: query)
            #expect(again.body == answer.body && again.fields["etag"] == answer.fields["etag"], "already there")
            #expect(await stage.get(Self.playlist).fields["cache-control"] == "public, max-age=1")
        }
    }

    @Test func `a part behind the end of a segment is the first one of the next`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try edge(stage).sequence
            try await stage.play { $0.entry(of: number, in: "audio") != nil }
            let count = try #require(stage.window.entry(of: number, in: "audio")).segment.partCount
            async let held = stage.get(Self.playlist, query: "_HLS_msn=\(number)&_HLS_part=\(count)")
            try await eventually("the request is held") { stage.service.heldRequestCount == 1 }
            try await stage.play(frames: 17)
            #expect(await held.text.contains("segment-\(number + 1).0.m4s"))
        }
    }

    @Test(arguments: [
        ("_HLS_msn=x", "invalid_directive"), ("_HLS_part=0", "invalid_directive"), ("_HLS_msn=999", "too_far_ahead"),
        ("_HLS_msn=104&_HLS_part=900", "too_far_ahead"),
    ]) func `what cannot come soon is refused at once`(query: String, code: String) async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let answer = await stage.get(Self.playlist, query: query)
            #expect(answer.status == .badRequest && answer.text.contains(code))
            #expect(answer.fields["cache-control"] == "no-store")
        }
    }

    @Test func `when the encoder stalls the old playlist comes before players give up`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            let before = await stage.get(Self.playlist)
            async let held = stage.get(Self.playlist, query: "_HLS_msn=\(edge.sequence)&_HLS_part=\(edge.part + 1)")
            try await eventually("the request is held") { stage.service.heldRequestCount == 1 }
            let targets = try #require(stage.window.targets)
            stage.clock.advance(milliseconds: BlockingReload.patienceMilliseconds(forPart: true, targets))
            let answer = await held
            #expect(answer.status == .ok && answer.body == before.body)
            #expect(answer.fields["cache-control"] == "public, no-cache")
        }
    }

    @Test func `the end wakes everybody`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            async let playlist = stage.get(Self.playlist, query: "_HLS_msn=\(edge.sequence + 1)")
            async let part = stage.get("/hls/ID/audio/segment-\(edge.sequence).\(edge.part + 1).m4s")
            async let segment = stage.get("/dash/ID/audio/segment-\(edge.sequence + 1).m4s")
            try await eventually("the requests are held") { stage.service.heldRequestCount == 3 }
            try await stage.end()
            #expect(await playlist.text.contains("#EXT-X-ENDLIST"))
            #expect(await part.status == .notFound)
            #expect(await segment.status == .notFound)
            let over = await stage.get(Self.playlist, query: "_HLS_msn=999999")
            #expect(over.status == .ok && over.fields["cache-control"] == "public, max-age=1")
        }
    }

    @Test func `a new broadcast wakes those who wait for the old one`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            async let playlist = stage.get(Self.playlist, query: "_HLS_msn=\(edge.sequence + 1)")
            async let part = stage.get("/hls/ID/audio/segment-\(edge.sequence).\(edge.part + 1).m4s")
            try await eventually("the requests are held") { stage.service.heldRequestCount == 2 }
            try await stage.beginAfterLoss()
            #expect(await playlist.status == .serviceUnavailable)
            #expect(await part.status == .notFound)
            #expect(stage.service.heldRequestCount == 0)
        }
    }

    @Test func `only those wake whose part came`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            async let next = stage.get(Self.playlist, query: "_HLS_msn=\(edge.sequence)&_HLS_part=\(edge.part + 1)")
            async let later = stage.get(Self.playlist, query: "_HLS_msn=\(edge.sequence + 1)")
            try await eventually("both are held") { stage.service.heldRequestCount == 2 }
            try await stage.play(frames: 16)
            _ = await next
            #expect(stage.service.heldRequestCount == 1)
            try await stage.play { $0.entry(of: edge.sequence + 1, in: "audio") != nil }
            #expect(await later.text.contains("segment-\(edge.sequence + 1).m4s"))
        }
    }

    @Test func `who waits for the first playlist too gets the part that the query names`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.streams.setState(stage.stream, to: .active, failure: nil, at: stage.clock.now())
            async let held = stage.get(Self.playlist, query: "_HLS_msn=101&_HLS_part=0")
            try await eventually("the request is held") { stage.service.heldRequestCount == 1 }
            try await stage.begin()
            try await stage.play { $0.playableRun != nil }
            try await eventually("it waits for the part now") { stage.service.heldRequestCount == 1 }
            try await stage.play(frames: 20)
            #expect(await held.text.contains("segment-101.0.m4s"))
        }
    }

    @Test func `a delta update leaves out what the player has`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 30)
            let whole = await stage.get(Self.playlist)
            for (value, tag) in [("YES", "#EXT-X-SKIP:SKIPPED-SEGMENTS="), ("v2", "RECENTLY-REMOVED-DATERANGES")] {
                let update = await stage.get(Self.playlist, query: "_HLS_skip=\(value)")
                #expect(update.text.contains(tag) && update.body.count < whole.body.count)
                #expect(update.fields["etag"] != whole.fields["etag"])
            }
            #expect(await stage.get(Self.playlist, query: "_HLS_skip=maybe").body == whole.body)
        }
    }

    @Test func `a rendition that is not there is refused for as long as a playlist may be cached`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            try await stage.streams.setState(stage.stream, to: .active, failure: nil, at: stage.clock.now())
            let plain = await stage.get("/hls/ID/1080p/playlist.m3u8")
            #expect(plain.status == .notFound && plain.fields["cache-control"] == "public, max-age=2")
            let blocking = await stage.get("/hls/ID/1080p/playlist.m3u8", query: "_HLS_msn=101")
            #expect(blocking.status == .notFound && blocking.fields["cache-control"] == "public, max-age=8")
            #expect(await stage.get("/hls/ID/audio/iframes.m3u8").status == .notFound, "audio has no pictures")
        }
    }

    // MARK: Parts

    @Test func `a part is served for good`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let segment = await stage.get("/hls/ID/audio/segment-101.m4s")
            var joined = ByteWriter()
            for index in 0..<(try #require(stage.window.entry(of: 101, in: "audio")).segment.partCount) {
                let part = await stage.get("/hls/ID/audio/segment-101.\(index).m4s")
                #expect(part.status == .ok && part.fields["content-type"] == "audio/mp4")
                #expect(part.fields["cache-control"] == "public, max-age=3600, immutable")
                #expect(part.fields["etag"] == "\"101.\(index)\"")
                joined.write(part.body)
            }
            #expect(joined.finish() == segment.body)
        }
    }

    @Test func `the part that is hinted at is held, and fetched once`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            let name = try #require(stage.window.hintedPart(of: "audio"))
            #expect(name == "audio/segment-\(edge.sequence).\(edge.part + 1).m4s")
            let answers = await withTaskGroup { group in
                for _ in 0..<50 { group.addTask { await stage.get("/hls/ID/\(name)") } }
                group.addTask {
                    try? await eventually("all are held") { stage.service.heldRequestCount == 50 }
                    try? await stage.play(frames: 16)
                    return await stage.get("/hls/ID/\(name)")
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 51 && answers.allSatisfy { $0.status == .ok && !$0.body.isEmpty })
            #expect(stage.store.gets[name] == 1)
        }
    }

    /// The other replica has told the player of it.
    @Test func `parts that this replica has not heard of yet are held, those that never come refused`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            async let later = stage.get("/hls/ID/audio/segment-\(edge.sequence + 1).1.m4s")
            async let never = stage.get("/hls/ID/audio/segment-\(edge.sequence).8.m4s")
            try await eventually("both are held") { stage.service.heldRequestCount == 2 }
            for path in ["segment-\(edge.sequence).200.m4s", "segment-\(edge.sequence + 5).0.m4s"] {
                let beyond = await stage.get("/hls/ID/audio/\(path)")
                #expect(beyond.status == .notFound && beyond.fields["cache-control"] == "public, no-cache")
            }
            try await stage.play { $0.entry(of: edge.sequence, in: "audio") != nil }
            #expect(await never.status == .notFound, "the segment has ended without it")
            try await stage.play(frames: 40)
            let answer = await later
            #expect(answer.status == .ok && !answer.body.isEmpty)
            let finished = await stage.get("/hls/ID/audio/segment-101.200.m4s")
            #expect(finished.status == .notFound && stage.store.gets["audio/segment-101.200.m4s"] == nil)
        }
    }

    /// The process stood still for ten seconds, and finds requests for what another one has offered meanwhile.
    @Test func `a replica that is behind refuses nothing that another one may have offered`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            let ahead = edge.sequence + 4
            let early = await stage.get(Self.playlist, query: "_HLS_msn=\(ahead)&_HLS_part=1")
            #expect(early.status == .badRequest)
            stage.clock.advance(milliseconds: 10_000)
            async let playlist = stage.get(Self.playlist, query: "_HLS_msn=\(ahead)&_HLS_part=1")
            async let part = stage.get("/hls/ID/audio/segment-\(ahead).0.m4s")
            async let segment = stage.get("/hls/ID/audio/segment-\(ahead).m4s")
            try await eventually("all are held") { stage.service.heldRequestCount == 3 }
            let far = await stage.get(Self.playlist, query: "_HLS_msn=\(edge.sequence + 900)")
            #expect(far.status == .badRequest)
            try await stage.play { $0.entry(of: ahead, in: "audio") != nil }
            #expect(await playlist.text.contains("segment-\(ahead).1.m4s"))
            #expect(await part.status == .ok)
            #expect(await segment.status == .ok)
        }
    }

    @Test func `what was announced and is missing is asked for again until it is put there again`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            let part = "audio/segment-\(edge.sequence).0.m4s"
            let segment = "audio/segment-\(edge.sequence - 1).m4s"
            let bytes = try await stage.taken([part, segment])
            async let held = stage.get("/hls/ID/\(part)")
            async let other = stage.get("/hls/ID/\(segment)")
            try await eventually("both were missed") {
                stage.store.gets[part] ?? 0 > 1 && stage.store.gets[segment] ?? 0 > 1
            }
            try await stage.put(bytes[0], under: part)
            try await stage.put(bytes[1], under: segment)
            let answers = await (held, other)
            #expect(answers.0.status == .ok && answers.0.body == bytes[0])
            #expect(answers.1.status == .ok && answers.1.body == bytes[1])
        }
    }

    @Test func `what stays missing is 404 in the end`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let edge = try edge(stage)
            let paths = ["audio/segment-\(edge.sequence - 1).0.m4s", "audio/segment-100.m4s"]
            _ = try await stage.taken(paths)
            let fresh = await stage.get("/hls/ID/\(paths[0])")
            #expect(fresh.status == .notFound && fresh.fields["cache-control"] == "public, no-cache")
            #expect(await stage.get("/hls/ID/\(paths[1])").status == .notFound)
            #expect(stage.store.gets[paths[1]] == 1, "nobody puts again what is older")
        }
    }

    @Test func `a part that was hinted at and does not come is 404 in the end`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let name = try #require(stage.window.hintedPart(of: "audio"))
            async let held = stage.get("/hls/ID/\(name)")
            try await eventually("the request is held") { stage.service.heldRequestCount == 1 }
            stage.clock.advance(milliseconds: 6000)
            let answer = await held
            #expect(answer.status == .notFound && answer.fields["cache-control"] == "public, no-cache")
        }
    }
}
