import StreamingCore
import Testing

@testable import S3Backend

@Suite struct S3SettingsTests {
    private func settings(
        endpoint: String? = "http://127.0.0.1:9000", bucket: String = "sluice", region: String = "us-east-1",
        accessKey: String = "access", secretKey: String = "secret-value", token: String? = nil, pathStyle: Bool? = nil
    ) throws -> S3Settings {
        try S3Settings(
            endpoint: endpoint, bucket: bucket, region: region, accessKey: accessKey, secretKey: Secret(secretKey),
            sessionToken: token.map { Secret($0) }, usesPathStyle: pathStyle)
    }

    @Test func `addresses take the path style, AWS the host style`() throws {
        #expect(try settings().authority == "127.0.0.1:9000")
        #expect(try settings().usesPathStyle)
        let aws = try settings(endpoint: nil, region: "eu-west-1")
        #expect(aws.authority == "sluice.s3.eu-west-1.amazonaws.com")
        #expect(!aws.usesPathStyle && aws.endpoint.isEncrypted)
        #expect(try settings(endpoint: "https://store.example", pathStyle: false).authority == "sluice.store.example")
        #expect(try settings(endpoint: "http://[::1]:9000/").authority == "[::1]:9000")
    }

    @Test func `the scheme's own port is not named, because clients do not name it`() throws {
        #expect(try S3Endpoint("https://a.example:443").authority == "a.example")
        #expect(try S3Endpoint("http://a.example:443").authority == "a.example:443")
    }

    @Test(arguments: [
        "127.0.0.1:9000", "ftp://a", "http://", "http://user:password@host", "http://host/path", "http://host:0",
        "http://host:65536", "http://host:", "http://a b", "http://a\r\nb", "http://[]", "http://:80", "http://a:b:80",
    ])
    func `endpoints that are none are refused without repeating them`(_ text: String) {
        let failure = #expect(throws: StreamError.self) { try settings(endpoint: text) }
        #expect(!"\(String(describing: failure))".contains("password"))
    }

    @Test(arguments: ["", "ab", "UPPER", "a..b", "-ab", "ab-", "a b", "a/b", String(repeating: "a", count: 64)])
    func `buckets that are none are refused`(_ name: String) {
        #expect(throws: StreamError.self) { try settings(bucket: name) }
    }

    @Test func `other values that break a request are refused`() {
        #expect(throws: StreamError.self) { try settings(region: "a b") }
        #expect(throws: StreamError.self) { try settings(accessKey: "") }
        #expect(throws: StreamError.self) { try settings(accessKey: "a/b") }
        #expect(throws: StreamError.self) { try settings(secretKey: "") }
        #expect(throws: StreamError.self) { try settings(token: "a\r\nx: y") }
        #expect(throws: StreamError.self) { try settings(pathStyle: false) }
        #expect(throws: StreamError.self) {
            try settings(endpoint: "https://store.example", bucket: "with.dot", pathStyle: false)
        }
    }

    @Test func `secrets do not print`() throws {
        let text = String(reflecting: try settings(secretKey: "hidden-one", token: "hidden-two"))
        #expect(!text.contains("hidden"))
    }

    @Test func `names that lead elsewhere are no keys`() throws {
        let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_000))
        for path in [
            "", "/a", "a//b", "../a", "a/../b", ".a", "a b", "a?b", "a/b/c/d/e", String(repeating: "a", count: 201),
        ] {
            #expect(throws: S3Failure.illegalName) { try S3ObjectKey(SegmentName(stream: stream, path: path)) }
        }
        let key = try S3ObjectKey(SegmentName(stream: stream, path: "source/segment-17.m4s"))
        #expect(key.text == "\(stream)/source/segment-17.m4s")
        #expect(key.contentType == "video/mp4" && key.cacheControl.contains("immutable"))
        let playlist = try S3ObjectKey(SegmentName(stream: stream, path: "audio/playlist.m3u8"))
        #expect(
            playlist.contentType == "application/vnd.apple.mpegurl" && playlist.cacheControl == "public, max-age=60")
    }
}
