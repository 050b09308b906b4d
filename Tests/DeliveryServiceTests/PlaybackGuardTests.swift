import Bytes
import DeliveryService
import HTTP
import StreamingCore
import Synchronization
import Testing

@Suite struct PlaybackGuardTests {
    /// Answers with the path and the query that it was asked for.
    private struct Echo: HTTPHandler {
        func respond(to request: HTTPRequest) async -> HTTPResponse {
            HTTPResponse(.ok, fields: ["x-path": request.path, "x-query": request.query])
        }
    }

    private struct StandingClock: WallClock {
        let time: WallTime
        func now() -> WallTime { time }
    }

    private let now = WallTime(unixMilliseconds: 1_795_435_201_000)
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_000_000_000))
    private let secret = "a secret that is long enough"
    private var signer: PlaybackSigner { PlaybackSigner(Secret(secret)) }

    private func ask(
        _ path: String, query: String = "", method: HTTPMethod = .get, fields: HTTPFields = [:],
        at time: WallTime? = nil
    ) async -> HTTPResponse {
        await PlaybackGuard(signer, clock: StandingClock(time: time ?? now), next: Echo()).respond(
            to: HTTPRequest(method: method, path: path, query: query, fields: fields))
    }

    private func code(_ response: HTTPResponse) -> String {
        guard case .shared(let buffers) = response.body else { return "" }
        let text = buffers.map(\.string).joined()
        return text.split(separator: #""code":""#).last.map { String($0.prefix { $0 != "\"" }) } ?? ""
    }

    private var token: String {
        let text = [#"{"alg":"HS256"}"#, #"{"exp":1795440000,"stream":"\#(stream)"}"#]
            .map { Base64URL.encode(Bytes(utf8: $0)) }.joined(separator: ".")
        let key = Bytes(utf8: secret)
        return text + "." + Base64URL.encode(SHA256.authenticationCode(for: Bytes(utf8: text), key: key))
    }

    @Test func `what is below a signature is let through without it`() async {
        let end = signer.end(after: 60_000, from: now)
        let signature = signer.signature(for: stream, until: end)
        for file in [
            "master.m3u8", "recording-17.m3u8", "720p/recording-17.m3u8", "720p/playlist.m3u8", "720p/segment-7.2.m4s",
            "thumbnail.jpg",
        ] {
            let response = await ask("/hls/\(stream)/\(signature)/\(file)", query: "_HLS_msn=7")
            #expect(response.status == .ok)
            #expect(response.fields["x-path"] == "/hls/\(stream)/\(file)")
            #expect(response.fields["x-query"] == "_HLS_msn=7")
        }
        #expect(
            await ask("/dash/\(stream)/\(signature)/manifest.mpd").fields["x-path"] == "/dash/\(stream)/manifest.mpd")
        let late = await ask("/hls/\(stream)/\(signature)/master.m3u8", at: end)
        #expect(late.status == .forbidden && code(late) == "playback_expired")
        let other = await ask("/hls/\(StreamID(at: now))/\(signature)/master.m3u8")
        #expect(other.status == .forbidden && code(other) == "playback_signature_invalid")
        #expect(other.fields["cache-control"] == "no-store")
    }

    /// The second time, the signature is remembered; its end counts all the same.
    @Test func `a signature that was seen ends too`() async {
        let end = signer.end(after: 60_000, from: now)
        let path = "/hls/\(stream)/\(signer.signature(for: stream, until: end))/master.m3u8"
        let playback = PlaybackGuard(signer, clock: SteppingClock(from: now, to: end), next: Echo())
        let request = HTTPRequest(method: .get, path: path)
        #expect(await playback.respond(to: request).status == .ok)
        #expect(await playback.respond(to: request).status == .forbidden)
    }

    /// Says one time, and then another one.
    private struct SteppingClock: WallClock {
        private final class Times: Sendable {
            let left: Mutex<[WallTime]>
            init(_ times: [WallTime]) { left = Mutex(times) }
        }
        private let times: Times

        init(from first: WallTime, to last: WallTime) { times = Times([first, last]) }

        func now() -> WallTime { times.left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
    }

    @Test func `without a signature or a token nothing is read`() async {
        for path in ["/hls/\(stream)/master.m3u8", "/hls/\(stream)/720p/segment-1.m4s", "/dash/\(stream)/manifest.mpd"]
        {
            for method in [HTTPMethod.get, .head] {
                let response = await ask(path, method: method)
                #expect(response.status == .unauthorized && code(response) == "playback_token_missing")
                #expect(response.fields["www-authenticate"] != nil)
            }
        }
        #expect(await ask("/hls/\(stream)/~/master.m3u8").status == .forbidden)
        #expect(await ask("/hls/\(stream)/~x").status == .unauthorized)
        // Of what is no stream there is nothing to guard; the next one knows that it is not there.
        #expect(await ask("/hls/x/master.m3u8").status == .ok)
    }

    @Test func `what pages tell is not guarded`() async {
        #expect(await ask("/hls/\(stream)/beacon", method: .post).status == .ok)
    }

    @Test func `a token leads to a signed address, which keeps the rest of the query`() async throws {
        let response = await ask("/hls/\(stream)/master.m3u8", query: "container=ts&token=\(token)&session=7")
        #expect(response.status == .found)
        #expect(response.fields["cache-control"] == "no-store")
        let location = try #require(response.fields["location"])
        #expect(location.hasSuffix("/master.m3u8?container=ts&session=7"))
        let followed = await ask("/hls/\(stream)/" + location.prefix { $0 != "?" })
        #expect(followed.fields["x-path"] == "/hls/\(stream)/master.m3u8")
        let bearer = await ask("/dash/\(stream)/manifest.mpd", fields: ["authorization": "Bearer \(token)"])
        #expect(bearer.fields["location"]?.hasSuffix("/manifest.mpd") == true)
        for path in ["/hls/\(stream)/recording-17.m3u8", "/dash/\(stream)/recording-17.mpd"] {
            let recording = await ask(path, query: "token=\(token)")
            #expect(recording.status == .found)
            #expect(recording.fields["location"]?.hasSuffix(String(path.suffix(15))) == true)
        }
        #expect(await ask("/hls/\(stream)/720p/recording-17.m3u8", query: "token=\(token)").status == .ok)
    }

    @Test func `a token lets a single file through`() async {
        let response = await ask("/hls/\(stream)/720p/segment-1.m4s", fields: ["authorization": "bearer \(token)"])
        #expect(response.fields["x-path"] == "/hls/\(stream)/720p/segment-1.m4s")
        let other = await ask("/hls/\(StreamID(at: now))/master.m3u8", query: "token=\(token)")
        #expect(other.status == .unauthorized && code(other) == "playback_token_invalid")
        #expect(await ask("/hls/\(stream)/master.m3u8", query: "token=").status == .unauthorized)
    }
}
