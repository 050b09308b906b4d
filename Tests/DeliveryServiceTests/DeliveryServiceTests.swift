import Bytes
import HTTP
import LocalBackend
import Media
import Packaging
import SQLiteBackend
import StreamingCore
import TestKit
import Testing

@testable import DeliveryService

/// What viewers are answered, from real packaged segments.
@Suite struct DeliveryServiceTests {
    @Test func `a live stream has its playlists, its segments and their caching rules`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let master = await stage.get("/hls/ID/master.m3u8")
            #expect(master.status == .ok)
            #expect(master.fields["content-type"] == "application/vnd.apple.mpegurl")
            #expect(master.text.contains("audio/playlist.m3u8"))
            let playlist = await stage.get("/hls/ID/audio/playlist.m3u8")
            #expect(playlist.fields["cache-control"] == "public, max-age=1")
            let names = playlist.text.split(separator: "\n").filter { $0.hasPrefix("segment-") }
            #expect(names.count == 3)
            let path = "/hls/ID/audio/\(try #require(names.first))"
            let segment = await stage.get(path)
            #expect(segment.status == .ok)
            #expect(segment.fields["content-type"] == "audio/mp4")
            #expect(segment.fields["cache-control"] == "public, max-age=3600, immutable")
            #expect(segment.fields["last-modified"] != nil)
            let etag = try #require(segment.fields["etag"])
            #expect(await stage.get(path, ["if-none-match": etag]).status == .notModified)
            let part = await stage.get(path, ["range": "bytes=4-7"])
            #expect(part.status == .partialContent)
            #expect(part.body == segment.body[4..<8])
            #expect(await stage.get(path.replacing("/hls/", with: "/dash/")).body == segment.body)
            #expect(await stage.get("/dash/ID/manifest.mpd").text.contains("type=\"dynamic\""))
        }
    }

    @Test func `an MPEG-TS segment is made from the stored ones, the same for everybody`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            #expect(
                await stage.get("/hls/ID/master.m3u8", query: "container=ts").text.contains("audio/playlist-ts.m3u8"))
            let playlist = await stage.get("/hls/ID/audio/playlist-ts.m3u8")
            let name = try #require(playlist.text.split(separator: "\n").first { $0.hasSuffix(".ts") })
            async let first = stage.get("/hls/ID/audio/\(name)")
            async let second = stage.get("/hls/ID/audio/\(name)")
            let (a, b) = await (first, second)
            #expect(a.status == .ok && a.fields["content-type"] == "video/mp2t")
            #expect(a.body == b.body && a.body.count % 188 == 0 && a.body[0] == 0x47)
        }
    }

    @Test func `the first playlist of a starting stream is held until there is something to play`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.streams.setState(stage.stream, to: .active, failure: nil, at: stage.clock.now())
            async let held = stage.get("/hls/ID/master.m3u8")
            async let alsoHeld = stage.get("/dash/ID/manifest.mpd")
            try await stage.broadcast(seconds: 5)
            let answers = await (held, alsoHeld)
            #expect(answers.0.status == .ok && answers.1.status == .ok)
        }
    }

    @Test func `a stream that has nothing to play in time is 503 with Retry-After, never an empty 200`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.streams.setState(stage.stream, to: .active, failure: nil, at: stage.clock.now())
            async let held = stage.get("/hls/ID/master.m3u8")
            try await eventually("the request is held") { stage.service.heldRequestCount == 1 }
            stage.clock.advance(milliseconds: DeliveryLimits.holdMilliseconds)
            let answer = await held
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.fields["retry-after"] == "1")
        }
    }

    @Test(arguments: [
        "/hls/ID/master.m3u8", "/hls/ID/audio/playlist.m3u8", "/hls/ID/audio/segment-1.m4s", "/dash/ID/manifest.mpd",
    ])
    func `a stream that is not on air is 404 at once`(path: String) async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            let answer = await stage.get(path)
            #expect(answer.status == .notFound)
            #expect(answer.fields["content-type"] == "application/problem+json")
            #expect(answer.fields["cache-control"] == "public, max-age=1")
        }
    }

    @Test func `an unknown stream, rendition, segment or container is refused by name`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            let unknown = "/hls/\(StreamID(at: stage.clock.now()))/master.m3u8"
            #expect(await stage.get(unknown).text.contains("stream_not_found"))
            try await stage.streams.setState(stage.stream, to: .active, failure: nil, at: stage.clock.now())
            #expect(await stage.get("/hls/ID/1080p/playlist.m3u8").text.contains("rendition_not_found"))
            #expect(await stage.get("/hls/ID/audio/segment-1.m4s").text.contains("segment_not_found"))
            #expect(await stage.get("/hls/ID/audio/segment-1.ts").text.contains("segment_not_found"))
            #expect(await stage.get("/hls/ID/master.m3u8", query: "container=mov").status == .badRequest)
        }
    }

    @Test func `an ended broadcast stays playable for a while, then is forgotten`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            try await stage.end()
            let playlist = await stage.get("/hls/ID/audio/playlist.m3u8")
            #expect(playlist.text.contains("#EXT-X-ENDLIST"))
            #expect(await stage.get("/dash/ID/manifest.mpd").text.contains("type=\"static\""))
            try await eventually("it is forgotten") {
                stage.clock.advance(milliseconds: 60_000)
                return await stage.get("/hls/ID/audio/playlist.m3u8").status == .notFound
            }
        }
    }

    @Test func `a crowd that asks for a stream that is not there costs one question`() async throws {
        let stage = try await Stage()
        let lookup = StreamLookup(streams: stage.streams)
        let unknown = StreamID(at: stage.clock.now())
        for _ in 0..<100 { #expect(try await lookup.state(of: unknown, at: stage.clock.now()) == nil) }
        #expect(try await lookup.state(of: stage.stream, at: stage.clock.now()) == .created)
        try await stage.streams.setState(stage.stream, to: .active, failure: nil, at: stage.clock.now())
        #expect(try await lookup.state(of: stage.stream, at: stage.clock.now()) == .created, "believed for a moment")
        stage.clock.advance(milliseconds: DeliveryLimits.lookupMilliseconds)
        #expect(try await lookup.state(of: stage.stream, at: stage.clock.now()) == .active)
        try await stage.streams.setState(stage.stream, to: .ended, failure: nil, at: stage.clock.now())
        lookup.forget(stage.stream)
        #expect(try await lookup.state(of: stage.stream, at: stage.clock.now()) == .ended, "told that it has changed")
    }
}
