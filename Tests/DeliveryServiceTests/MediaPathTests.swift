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
            .segment(.init(rendition: "source", number: 0, path: "source/segment-0.m4s", tag: "0"))
        ),
        (
            "/hls/ID/720p/segment-17.3.m4s",
            .part(.init(rendition: "720p", number: 17, path: "720p/segment-17.3.m4s", tag: "17.3"), number: 3)
        ),
        (
            "/dash/ID/audio/segment-17.255.m4s",
            .part(.init(rendition: "audio", number: 17, path: "audio/segment-17.255.m4s", tag: "17.255"), number: 255)
        ),
        ("/hls/ID/source/iframes.m3u8", .keyframePlaylist(rendition: "source")),
        ("/hls/ID/thumbnail.jpg", .latestThumbnail),
        ("/hls/ID/recording-17.m3u8", .recording(.master, number: 17)),
        ("/dash/ID/recording-17.mpd", .recording(.manifest, number: 17)),
        ("/hls/ID/720p/recording-17.m3u8", .recording(.media(rendition: "720p"), number: 17)),
        ("/hls/ID/720p/recording-17-iframes.m3u8", .recording(.keyframes(rendition: "720p"), number: 17)),
        ("/hls/ID/thumbnail-17.jpg", .thumbnail(number: 17)),
        (
            "/hls/ID/source/init-12.mp4",
            .initialization(.init(rendition: "source", number: 12, path: "source/init-12.mp4", tag: "init-12"))
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
        "/hls/ID/source/more/segment-1.m4s", "", "/", "/hls/ID/source/segment-1.m4s.m4s",
        "/hls/ID/source/segment-1..m4s", "/hls/ID/source/segment-.1.m4s", "/hls/ID/source/segment-1.01.m4s",
        "/hls/ID/source/segment-1.256.m4s", "/hls/ID/source/segment-1.2.3.m4s", "/hls/ID/source/segment-1.-1.m4s",
        "/dash/ID/thumbnail.jpg", "/hls/ID/thumbnail-.jpg", "/hls/ID/thumbnail-01.jpg", "/dash/ID/source/iframes.m3u8",
        "/hls/ID/source/thumbnail.jpg", "/dash/ID/recording-17.m3u8", "/hls/ID/recording-17.mpd",
        "/hls/ID/recording-.m3u8", "/hls/ID/recording-017.m3u8", "/hls/ID/recording-17-iframes.m3u8",
        "/dash/ID/720p/recording-17.m3u8", "/hls/ID/recording-17.json", "/hls/ID/recording/chunk-17.bin",
    ]) func `anything else is no path of ours`(path: String) {
        #expect(MediaPath(path.replacing("ID", with: Self.id)) == nil)
    }
}
