import Bytes
import HTTP
import LocalBackend
import Packaging
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import DeliveryService

/// Sessions over the service as a whole.
@Suite struct SessionTests {
    private let browser = ["user-agent": "browser"]

    private func report(_ stage: Stage) -> [SessionShare] {
        stage.service.viewers.reports(at: stage.clock.now()) { _ in 6000 }.flatMap { $0.report.sessions }
    }

    private func cookie(_ answer: Stage.Answer) throws -> String {
        let field = try #require(answer.fields["set-cookie"])
        return String(try #require(field.split(separator: ";").first))
    }

    @Test func `a browser gets a cookie once, and the same bytes as everybody`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            let first = await stage.get("/hls/ID/master.m3u8", browser)
            let cookie = try cookie(first)
            #expect(
                try #require(first.fields["set-cookie"]).hasSuffix("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"))
            #expect(first.fields["cache-control"] == "private, no-store")
            #expect(report(stage).isEmpty, "whether it keeps the cookie, the next request shows")
            stage.clock.advance(milliseconds: 50)
            let again = await stage.get("/hls/ID/master.m3u8", ["user-agent": "browser", "cookie": cookie])
            #expect(again.fields["set-cookie"] == nil)
            #expect(again.body == first.body)
            #expect(again.fields["etag"] == first.fields["etag"])
            let shares = report(stage)
            #expect(shares.count == 1)
            #expect(shares.first?.bytesSent == Int64(first.body.count * 2))
            #expect(shares.first?.firstSeenAt == stage.clock.now().adding(milliseconds: -50))
            let name = String(cookie.dropFirst("sluice_viewer=".count))
            #expect(shares.first?.id == ViewerSessionID(stream: stage.stream, token: name))
            #expect(stage.service.viewerCount == 1)
        }
    }

    @Test func `browsers that begin together at one address are as many as they are`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            var cookies: [String] = []
            for _ in 0..<3 { cookies.append(try cookie(await stage.get("/hls/ID/master.m3u8", browser))) }
            #expect(Set(cookies).count == 3)
            #expect(report(stage).isEmpty)
            var bytes = 0
            for cookie in cookies {
                let fields = ["user-agent": "browser", "cookie": cookie]
                bytes = await stage.get("/hls/ID/audio/playlist.m3u8", fields).body.count
            }
            let master = await stage.get("/hls/ID/master.m3u8", ["cookie": cookies[0]]).body.count
            let shares = report(stage)
            let names = cookies.map { String($0.dropFirst("sluice_viewer=".count)) }
            #expect(Set(shares.map(\.id)) == Set(names.map { ViewerSessionID(stream: stage.stream, token: $0) }))
            #expect(shares.map(\.bytesSent).sorted() == [0, 0, 1].map { Int64(bytes + master + $0 * master) })
            #expect(stage.service.viewerCount == 3)
        }
    }

    @Test func `who goes on elsewhere with the cookie that was given here is no viewer here`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            _ = await stage.get("/hls/ID/master.m3u8", browser)
            #expect(stage.service.viewerCount == 1, "it has its place")
            stage.clock.advance(milliseconds: 6000)
            #expect(report(stage).isEmpty)
            #expect(stage.service.viewerCount == 0)
        }
    }

    @Test func `a player that keeps no cookies is one session, by its address`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            let master = await stage.get("/hls/ID/master.m3u8", ["user-agent": "ffmpeg"])
            #expect(master.fields["set-cookie"] != nil)
            let playlist = await stage.get("/hls/ID/audio/playlist.m3u8", ["user-agent": "ffmpeg"])
            #expect(playlist.fields["set-cookie"] == nil, "only what players begin with offers one")
            let shares = report(stage)
            #expect(shares.count == 1)
            #expect(shares.first?.id == ViewerSessionID(stream: stage.stream, token: "\n\nffmpeg"))
            #expect(shares.first?.bytesSent == Int64(master.body.count + playlist.body.count))
        }
    }

    @Test func `a manifest that is refreshed every second offers its cookie once`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            #expect(await stage.get("/dash/ID/manifest.mpd", browser).fields["set-cookie"] != nil)
            let next = await stage.get("/dash/ID/manifest.mpd", browser)
            #expect(next.fields["set-cookie"] == nil)
            #expect(next.fields["cache-control"] != "private, no-store")
            #expect(report(stage).first?.streamingProtocol == .dash)
        }
    }

    @Test(arguments: [
        ["via": "1.1 cdn"], ["cdn-loop": "cdn"], ["cookie": "sluice_viewer=abc"], ["cmcd-session": "sid=\"abc\""],
    ])
    func `no cookie behind a shared cache, nor for who shows a name`(fields: [String: String]) async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            let answer = await stage.get("/hls/ID/master.m3u8", fields)
            #expect(answer.status == .ok)
            #expect(answer.fields["set-cookie"] == nil)
            #expect(answer.fields["cache-control"]?.hasPrefix("public") == true)
            #expect(report(stage).count == 1)
        }
    }

    @Test func `HEAD and what fails count nothing`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            #expect(await stage.ask(.head, "/hls/ID/master.m3u8", browser).fields["set-cookie"] == nil)
            _ = await stage.get("/hls/ID/nothing/segment-1.m4s", browser)
            _ = await stage.get("/hls/\(StreamID(at: stage.clock.now()))/master.m3u8", browser)
            #expect(stage.service.viewers.table.count == 0)
        }
    }

    @Test func `a session in the query goes on to playlists and never to segments`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            let plain = await stage.get("/hls/ID/master.m3u8")
            let named = await stage.get(
                "/hls/ID/master.m3u8", query: "session=me-1", ["accept-encoding": "gzip"])
            #expect(named.fields["content-encoding"] == nil)
            #expect(named.fields["set-cookie"] == nil)
            #expect(named.fields["cache-control"] == "private, no-cache")
            #expect(named.text.contains("audio/playlist.m3u8?session=me-1"))
            #expect(named.text.replacing("?session=me-1", with: "") == plain.text)
            let etag = try #require(named.fields["etag"])
            #expect(etag != plain.fields["etag"])
            #expect(
                await stage.get("/hls/ID/master.m3u8", query: "session=me-1", ["if-none-match": etag]).status
                    == .notModified)
            let list = await stage.get("/hls/ID/audio/playlist.m3u8", query: "session=me-1")
            #expect(list.text == (await stage.get("/hls/ID/audio/playlist.m3u8")).text)
            let manifest = await stage.get("/dash/ID/manifest.mpd", query: "session=me-1")
            #expect(manifest.text.contains("<Location>manifest.mpd?session=me-1</Location>"))
            #expect(
                manifest.text.replacing("<Location>manifest.mpd?session=me-1</Location>", with: "")
                    == (await stage.get("/dash/ID/manifest.mpd")).text)
            let hostile = await stage.get("/hls/ID/master.m3u8", query: "session=%22%0A%3C")
            #expect(hostile.body == plain.body)
        }
    }

    @Test func `segments are the same for all, and count for who fetches them`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            let list = await stage.get("/hls/ID/audio/playlist.m3u8", query: "session=one").text
            let name = try #require(list.split(separator: "\n").first { $0.hasSuffix(".m4s") })
            let one = await stage.get("/hls/ID/audio/\(name)", ["cookie": "sluice_viewer=one"])
            let two = await stage.get("/hls/ID/audio/\(name)", query: "CMCD=bs%2Csid%3D%22two%22")
            let range = await stage.get("/hls/ID/audio/\(name)", query: "session=two", ["range": "bytes=0-9"])
            #expect(one.body == two.body && range.body.count == 10)
            #expect(one.fields["cache-control"] == two.fields["cache-control"])
            let shares = report(stage)
            let id = { ViewerSessionID(stream: stage.stream, token: $0) }
            #expect(shares.first { $0.id == id("one") }?.bytesSent == Int64(list.utf8.count + one.body.count))
            #expect(shares.first { $0.id == id("two") }?.bytesSent == Int64(two.body.count + 10))
            #expect(shares.first { $0.id == id("two") }?.stalls == 1)
        }
    }

    @Test func `a beacon is taken, and leaves with the page`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            _ = await stage.get("/hls/ID/master.m3u8", query: "session=me")
            #expect(stage.service.viewerCount == 1)
            func send(_ text: String) -> HTTPResponse {
                let request = HTTPRequest(method: .post, path: "/hls/\(stage.stream)/beacon", body: Bytes(utf8: text))
                return stage.service.beacon(for: stage.stream, isDASH: false, request)
            }
            #expect(send(#"{"session":"me","startup_ms":812,"stalls":2,"stalled_ms":640}"#).status == .noContent)
            #expect(report(stage).first?.startupMilliseconds == 812)
            #expect(send("x").status == .badRequest)
            #expect(send(#"{"stalls":-1}"#).status == .badRequest)
            #expect(send(String(repeating: " ", count: 5000)).status == .contentTooLarge)
            #expect(send(#"{"session":"me","leaving":true}"#).status == .noContent)
            #expect(stage.service.viewerCount == 0)
            #expect(report(stage).first?.isLeaving == true)
            #expect(send(#"{"session":"elsewhere","stalls":1}"#).status == .noContent)
            #expect(report(stage).first?.stalls == 1, "its other requests went to another process")
        }
    }

    @Test func `a session ends by silence and goes on when the viewer is back`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            let length = Int64(await stage.get("/hls/ID/master.m3u8", query: "session=me").body.count)
            #expect(report(stage).count == 1)
            stage.clock.advance(milliseconds: 6000)
            #expect(report(stage).isEmpty)
            #expect(stage.service.viewerCount == 0)
            _ = await stage.get("/hls/ID/master.m3u8", query: "session=me")
            #expect(stage.service.viewerCount == 1)
            #expect(report(stage).first?.bytesSent == length * 2)
            stage.clock.advance(milliseconds: 6000)
            _ = report(stage)
            stage.clock.advance(milliseconds: ViewerLimits.memoryMilliseconds)
            _ = report(stage)
            #expect(stage.service.viewers.table.count == 0)
        }
    }

    @Test func `what is sent is told to others, with a sum that never falls`() async throws {
        let stage = try await Stage()
        let told = Mutex<[AudienceReport]>([])
        let following = Task {
            await stage.reports.follow { _, report in
                if case .audience(let report) = report { told.withLock { $0.append(report) } }
            }
        }
        try await stage.live { stage in
            try await stage.broadcast(seconds: 5)
            let body = await stage.get("/hls/ID/master.m3u8", query: "session=me").body
            try await eventually("it is told") {
                _ = await stage.get("/hls/ID/master.m3u8", query: "session=me")
                stage.service.tellAudience(at: stage.clock.now())
                return !told.withLock { $0.isEmpty }
            }
            let first = try #require(told.withLock { $0.first })
            #expect(first.instance == "here" && first.bytesSent >= Int64(body.count))
            stage.clock.advance(milliseconds: 6000)
            stage.service.tellAudience(at: stage.clock.now())
            stage.clock.advance(milliseconds: ViewerLimits.memoryMilliseconds)
            stage.service.tellAudience(at: stage.clock.now())
            _ = await stage.get("/hls/ID/master.m3u8", query: "session=other")
            stage.service.tellAudience(at: stage.clock.now())
            let sums = told.withLock { $0.map(\.bytesSent) }
            #expect(sums == sums.sorted() && sums.last! > sums[0])
        }
        following.cancel()
        await following.value
    }
}
