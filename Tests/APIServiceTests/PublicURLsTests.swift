import APIService
import HTTP
import StreamingCore
import Testing

@Suite struct PublicURLsTests {
    private let id = StreamID(at: WallTime(unixMilliseconds: 0))

    private func request(host: String?) -> HTTPRequest {
        var request = HTTPRequest(method: .get, path: "/")
        if let host { request.fields.append("host", host) }
        return request
    }

    @Test(arguments: [
        ("example.org:8080", "http://example.org:8080", "rtmp://example.org:1935/live"),
        ("example.org", "http://example.org", "rtmp://example.org:1935/live"),
        ("192.0.2.1:9000", "http://192.0.2.1:9000", "rtmp://192.0.2.1:1935/live"),
        ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080", "rtmp://[2001:db8::1]:1935/live"),
        ("[::1]", "http://[::1]", "rtmp://[::1]:1935/live"),
    ])
    func `without a configured host it is the client's`(host: String, web: String, ingest: String) {
        let addresses = PublicURLs(host: nil, httpPort: 8080, rtmpPort: 1935).addresses(for: request(host: host))
        #expect(addresses.web == web)
        #expect(addresses.ingestServer == ingest)
        #expect(addresses.hls(id) == "\(web)/hls/\(id)/master.m3u8")
        #expect(addresses.dash(id) == "\(web)/dash/\(id)/manifest.mpd")
        #expect(addresses.ingest(Secret("key")) == "\(ingest)/key")
    }

    @Test(arguments: [
        nil, "", ":80", "a b", "evil.org/path", "user@evil.org", "[::1", "a:b:c", "a:99999", "a\"b", "<script>",
        "[::1]x",
        String(repeating: "a", count: 300),
    ])
    func `a host that is none is not given out`(host: String?) {
        let addresses = PublicURLs(host: nil, httpPort: 8080, rtmpPort: 1935).addresses(for: request(host: host))
        #expect(addresses.web == "http://localhost:8080")
        #expect(addresses.ingestServer == "rtmp://localhost:1935/live")
    }

    @Test func `a configured host outweighs the client's`() {
        let urls = PublicURLs(host: "live.example.org", httpPort: 80, rtmpPort: 2935)
        let addresses = urls.addresses(for: request(host: "internal:8080"))
        #expect(addresses.web == "http://live.example.org")
        #expect(addresses.ingestServer == "rtmp://live.example.org:2935/live")
        let bare = PublicURLs(host: "2001:db8::1", httpPort: 8080, rtmpPort: 1935).addresses(for: nil)
        #expect(bare.web == "http://[2001:db8::1]:8080")
        #expect(bare.ingestServer == "rtmp://[2001:db8::1]:1935/live")
    }

    @Test func `behind a proxy with a certificate, addresses begin with https and rtmps`() {
        let urls = PublicURLs(
            host: "live.example.org", httpScheme: "https", httpPort: 443, rtmpScheme: "rtmps", rtmpPort: 443)
        #expect(urls.addresses(for: nil).web == "https://live.example.org")
        #expect(urls.addresses(for: nil).ingestServer == "rtmps://live.example.org:443/live")
        let named = PublicURLs(host: nil, httpScheme: "https", httpPort: 8080, rtmpPort: 1935)
        #expect(named.addresses(for: request(host: "live.example.org")).web == "https://live.example.org")
        let other = PublicURLs(host: "live.example.org", httpScheme: "https", httpPort: 80, rtmpPort: 1935)
        #expect(other.addresses(for: nil).web == "https://live.example.org:80")
    }

    @Test func `answers have the configured host`() async throws {
        let api = try await TestAPI(publicHost: "live.example.com")
        let answer = try await api.makeStream()
        #expect(answer.string("hls_url").hasPrefix("http://live.example.com:8080/hls/"))
        #expect(answer.string("ingest_url") == "rtmp://live.example.com:1935/live/" + answer.string("stream_key"))
    }
}
