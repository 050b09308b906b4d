import Bytes
import HTTP
import Packaging
import StreamingCore
import TestKit
import Testing

@testable import DeliveryService

/// The forms of a document: compressed or not, and for how long it may be kept.
@Suite struct DocumentFormTests {
    private static let playlist = "/hls/ID/audio/playlist.m3u8"

    @Test(arguments: [
        ("gzip, deflate, br", true), ("gzip;q=0.5", true), ("*", true), ("", false), ("identity", false),
        ("gzip;q=0", false), ("br, zstd", false), ("identity;q=1, gzip;q=0.1", false),
    ]) func `a playlist is compressed for those who accept it and for nobody else`(
        accepted: String, isCompressed: Bool
    ) async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 20)
            let plain = await stage.get(Self.playlist)
            #expect(plain.fields["content-encoding"] == nil && plain.fields["vary"] == "Accept-Encoding")
            let answer = await stage.get(Self.playlist, ["accept-encoding": accepted])
            #expect(answer.fields["content-encoding"] == (isCompressed ? "gzip" : nil))
            #expect(answer.fields["vary"] == "Accept-Encoding")
            #expect((answer.fields["etag"] == plain.fields["etag"]) == !isCompressed, "other bytes, another tag")
            #expect((answer.body == plain.body) == !isCompressed)
            if isCompressed { #expect(answer.body.count * 3 < plain.body.count && answer.body[0] == 0x1F) }
            let etag = try #require(answer.fields["etag"])
            let again = await stage.get(Self.playlist, ["accept-encoding": accepted, "if-none-match": etag])
            #expect(again.status == .notModified)
        }
    }

    @Test func `manifests are compressed and small playlists are not`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let gzip = ["accept-encoding": "gzip"]
            #expect(await stage.get("/dash/ID/manifest.mpd", gzip).fields["content-encoding"] == "gzip")
            let master = await stage.get("/hls/ID/master.m3u8", gzip)
            #expect(master.body.count < DeliveryLimits.compressedBytesMin)
            #expect(master.fields["content-encoding"] == nil)
            let segment = await stage.get("/hls/ID/audio/segment-100.m4s", gzip)
            #expect(segment.fields["content-encoding"] == nil && segment.fields["vary"] == nil)
        }
    }

    @Test func `a document is rendered and compressed once, whoever asks`() throws {
        let document = RenderedDocument(.manifest, of: try SampleWindow.window(openParts: 1))
        let form = RenderedDocument.Form(coding: .gzip, caching: .plain)
        let body = try #require(document.representation(form)).body[0]
        for caching in [RenderedDocument.Caching.plain, .satisfied, .unchanged] {
            let other = try #require(document.representation(.init(coding: .gzip, caching: caching))).body[0]
            #expect(other.sharesMemory(with: body))
        }
    }

    @Test func `the same state has the same tag in every replica`() throws {
        let form = RenderedDocument.Form(coding: .identity, caching: .plain)
        let kind = RenderedDocument.Kind.media(rendition: "audio", .fragmentedMP4, nil)
        let tags = try (0..<2).map { _ in
            RenderedDocument(kind, of: try SampleWindow.window(openParts: 2)).representation(form)?.etag
        }
        #expect(tags[0] == tags[1] && tags[0] != nil)
        let next = RenderedDocument(kind, of: try SampleWindow.window(openParts: 3)).representation(form)?.etag
        #expect(next != tags[0])
    }

    @Test func `a document that the window does not have has no form`() throws {
        let kind = RenderedDocument.Kind.media(rendition: "1080p", .fragmentedMP4, nil)
        #expect(!RenderedDocument(kind, of: try SampleWindow.window(openParts: 2)).exists)
        #expect(!RenderedDocument(.manifest, of: LiveWindow()).exists)
    }

    // MARK: Still pictures

    @Test func `the newest picture has a name that stays, and each one its own`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let missing = await stage.get("/hls/ID/thumbnail.jpg")
            #expect(missing.status == .notFound && missing.text.contains("thumbnail_not_found"))
            for number in [Int64(100), 101] {
                try await stage.put([0xFF, 0xD8, UInt8(number)], under: TimelineEvent.thumbnailName(number))
                try await stage.announce(.thumbnail(number))
                let newest = await stage.get("/hls/ID/thumbnail.jpg")
                #expect(newest.status == .ok && newest.body == [0xFF, 0xD8, UInt8(number)])
                #expect(newest.fields["content-type"] == "image/jpeg")
                #expect(newest.fields["cache-control"] == "public, max-age=5")
            }
            let first = await stage.get("/hls/ID/thumbnail-100.jpg")
            #expect(first.body[2] == 100 && first.fields["content-type"] == "image/jpeg")
            #expect(first.fields["cache-control"] == "public, max-age=3600, immutable")
            #expect(await stage.get("/hls/ID/thumbnail-99.jpg").status == .notFound)
        }
    }
}

extension Bytes {
    /// Whether both are the same memory and not only equal.
    func sharesMemory(with other: Bytes) -> Bool {
        let address = withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        return other.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } == address
    }
}
