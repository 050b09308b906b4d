import Bytes
import HTTP
import LocalBackend
import StreamingCore
import TestKit
import Testing

@testable import DeliveryService

@Suite struct RecordingTests {
    private let documents = [
        ("master.m3u8", "/hls/ID/master.m3u8"), ("manifest.mpd", "/dash/ID/manifest.mpd"),
        ("source/playlist.m3u8", "/hls/ID/source/playlist.m3u8"),
        ("source/iframes.m3u8", "/hls/ID/source/iframes.m3u8"),
        ("recording-17.m3u8", "/hls/ID/recording-17.m3u8"), ("recording-17.mpd", "/dash/ID/recording-17.mpd"),
        ("source/recording-17.m3u8", "/hls/ID/source/recording-17.m3u8"),
        ("source/recording-17-iframes.m3u8", "/hls/ID/source/recording-17-iframes.m3u8"),
    ]

    @Test func `what was stored of broadcasts is served under its names, by its type`() async throws {
        let stage = try await Stage(snapshots: MemoryTimelineSnapshots())
        for (name, path) in documents {
            try await stage.put(Bytes(utf8: "the text of \(name)"), under: name)
            let answer = await stage.get(path)
            #expect(answer.status == .ok && answer.text == "the text of \(name)", "\(path)")
            let type = name.hasSuffix("mpd") ? "application/dash+xml" : "application/vnd.apple.mpegurl"
            #expect(answer.fields["content-type"] == type, "\(path)")
            let again = await stage.get(path, ["if-none-match": try #require(answer.fields["etag"])])
            #expect(again.status == .notModified, "\(path)")
        }
    }

    @Test func `an earlier broadcast is served while another is on air`() async throws {
        let stage = try await Stage(snapshots: MemoryTimelineSnapshots())
        for (name, _) in documents { try await stage.put(Bytes(utf8: "an earlier one"), under: name) }
        try await stage.put([1, 2, 3], under: "audio/segment-17.m4s")
        try await stage.live { stage in
            try await stage.broadcast(seconds: 8)
            try await eventually("it is on air") { await stage.get("/hls/ID/audio/playlist.m3u8").status == .ok }
            for (name, path) in documents.suffix(4) {
                #expect(await stage.get(path).text == "an earlier one", "\(name)")
            }
            #expect(await stage.get("/hls/ID/audio/segment-17.m4s").body == [1, 2, 3])
            #expect(await stage.get("/hls/ID/master.m3u8").text.hasPrefix("#EXTM3U"))
        }
    }

    @Test func `a recording that there is not, or not any more, has a code of its own`() async throws {
        let stage = try await Stage(snapshots: MemoryTimelineSnapshots())
        for path in ["/hls/ID/recording-18.m3u8", "/dash/ID/recording-18.mpd", "/hls/ID/source/recording-18.m3u8"] {
            let answer = await stage.get(path)
            #expect(answer.status == .notFound && answer.text.contains("recording_not_found"), "\(path)")
        }
    }

    @Test func `where nothing is recorded nothing is looked for`() async throws {
        let stage = try await Stage()
        try await stage.put(Bytes(utf8: "text"), under: "recording-17.m3u8")
        #expect(await stage.get("/hls/ID/recording-17.m3u8").status == .notFound)
        #expect(stage.store.gets.isEmpty)
    }

    @Test func `a session stays in the addresses of a recording's playlists`() async throws {
        let stage = try await Stage(snapshots: MemoryTimelineSnapshots())
        let master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsource/recording-17.m3u8\n"
        try await stage.put(Bytes(utf8: master), under: "recording-17.m3u8")
        let answer = await stage.get("/hls/ID/recording-17.m3u8", query: "session=abcdefgh12345678")
        #expect(answer.text.contains("source/recording-17.m3u8?session=abcdefgh12345678"))
    }
}
