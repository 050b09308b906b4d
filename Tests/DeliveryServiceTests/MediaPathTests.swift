import StreamingCore
import Testing

@testable import DeliveryService

@Suite struct MediaPathTests {
    static let id = "01a20788-795e-7a8b-840b-0af00e3cb331"

    @Test(arguments: [
        ("/hls/ID/master.m3u8", MediaPath.Resource.masterPlaylist),
        ("/dash/ID/manifest.mpd", .manifest),
        ("/hls/ID/source/playlist.m3u8", .mediaPlaylist(rendition: "source")),
        ("/hls/ID/audio/playlist-ts.m3u8", .transportPlaylist(rendition: "audio")),
        ("/hls/ID/source/segment-17.ts", .transportSegment(rendition: "source", number: 17)),
        (
            "/dash/ID/source/segment-0.m4s",
            .stored(.init(rendition: "source", number: 0, path: "source/segment-0.m4s", tag: "0"))
        ),
        (
            "/hls/ID/source/init-12.mp4",
            .stored(.init(rendition: "source", number: 12, path: "source/init-12.mp4", tag: "init-12"))
        ),
    ]) func `a path of ours names its resource`(path: String, resource: MediaPath.Resource) throws {
        let parsed = try #require(MediaPath(path.replacing("ID", with: Self.id)))
        #expect(parsed.resource == resource)
        #expect(parsed.stream.description == Self.id)
    }

    /// One thing has one name: what is spelled differently does not exist, so that no cache keeps it twice.
    @Test(arguments: [
        "/hls/ID", "/hls/ID/", "/hls//master.m3u8", "/hls/ID/master.mpd", "/dash/ID/master.m3u8", "/hls/x/master.m3u8",
        "/hls/ID/source/segment-.m4s", "/hls/ID/source/segment-01.m4s", "/hls/ID/source/segment-+1.m4s",
        "/hls/ID/source/segment-1.m4s/", "/hls/ID/source/segment-99999999999999999999.m4s", "/hls/ID/../segment-1.m4s",
        "/hls/ID/Source/segment-1.m4s", "/hls/ID/so%20urce/playlist.m3u8", "/dash/ID/source/segment-1.ts",
        "/dash/ID/source/playlist.m3u8", "/hls/ID/source/init--1.mp4", "hls/ID/master.m3u8", "/x/hls/ID/master.m3u8",
        "/hls/ID/source/more/segment-1.m4s", "", "/",
    ]) func `anything else is no path of ours`(path: String) {
        #expect(MediaPath(path.replacing("ID", with: Self.id)) == nil)
    }
}
