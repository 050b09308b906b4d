import HTTP
import Testing

@Suite struct NegotiationTests {
    @Test(arguments: [
        (nil, ContentCoding.identity), ("", .identity), ("gzip", .gzip), ("gzip, deflate, br", .gzip),
        ("x-gzip", .gzip),
        ("GZIP;Q=0.5", .gzip), ("gzip;q=0", .identity), ("br", .identity), ("*", .gzip), ("*;q=0", .identity),
        ("identity;q=1, *;q=0", .identity), ("gzip;q=0.5, identity", .identity), ("gzip;q=0.5, identity;q=0.4", .gzip),
        ("gzip;q=1.001", .identity), ("gzip;q=x", .identity), ("gzip;q=", .identity), ("gzip;q=0.0001", .identity),
        ("gzip; q=0.001", .gzip), ("gzip;level=1", .identity), ("*;q=0.5, gzip;q=0", .identity),
        ("identity;q=0", .identity),
        ("identity;q=0, gzip", .gzip), (",,;,gzip", .gzip), ("gzip;q=1.000", .gzip), ("gzip;q=2", .identity),
    ])
    func `codings by weight`(value: String?, expected: ContentCoding) {
        #expect(AcceptEncoding.choose(value, offered: [.gzip]) == expected)
    }

    @Test func `the earliest offered among equals`() {
        #expect(AcceptEncoding.choose("gzip, br", offered: [.br, .gzip]) == .br)
        #expect(AcceptEncoding.choose("gzip, br", offered: [.gzip, .br]) == .gzip)
        #expect(AcceptEncoding.choose("gzip;q=0.9, br;q=0.8", offered: [.br, .gzip]) == .gzip)
        #expect(AcceptEncoding.choose("gzip", offered: []) == .identity)
    }

    @Test func `cache control`() {
        #expect(CacheControl(maxAgeSeconds: 1).value == "public, max-age=1")
        var control = CacheControl(.viewer)
        control.noCache = true
        control.mustRevalidate = true
        #expect(control.value == "private, no-cache, must-revalidate")
        control = CacheControl(nil, maxAgeSeconds: 2)
        control.sharedMaxAgeSeconds = 3
        control.staleWhileRevalidateSeconds = 4
        control.staleIfErrorSeconds = 5
        #expect(control.value == "max-age=2, s-maxage=3, stale-while-revalidate=4, stale-if-error=5")
    }
}
