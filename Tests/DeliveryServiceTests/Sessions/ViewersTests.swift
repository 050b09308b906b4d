import Bytes
import HTTP
import LocalBackend
import StreamingCore
import Testing

@testable import DeliveryService

/// Many viewers, without a stream.
@Suite struct ViewersTests {
    private let now = WallTime(unixMilliseconds: 1_795_435_200_000)
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_000))

    private func subject(_ file: String) throws -> ViewerSubject {
        ViewerSubject(try #require(MediaPath("/hls/\(stream)/\(file)")), isDASH: false)
    }

    private func viewers(max: Int, cookies: Bool = true) -> Viewers {
        Viewers(Audience(reports: LocalReportLog(), instance: "here", sessionsMax: max, offersCookies: cookies))
    }

    private func ask(
        _ viewers: Viewers, _ session: String, _ subject: ViewerSubject, at now: WallTime, bytes: Int = 10
    ) -> HTTPResponse? {
        let request = HTTPRequest(method: .get, path: "/", query: session.isEmpty ? "" : "session=\(session)")
        let caller = ViewerCaller(request, salt: subject.salt)
        let given = viewers.name(for: caller, request, about: subject)
        if viewers.mustWait(caller, for: subject, given: given) { return nil }
        let body = Bytes([UInt8](repeating: 1, count: bytes))
        var response = HTTPResponse(.ok, body: .shared([body]))
        viewers.count(&response, to: request, by: caller, about: subject, given: given, at: now)
        return response
    }

    @Test func `beyond the bound new viewers wait, those who watch go on`() throws {
        let viewers = viewers(max: 10)
        let (master, segment) = (try subject("master.m3u8"), try subject("720p/segment-7.m4s"))
        for number in 0..<10 { #expect(ask(viewers, "v\(number)", master, at: now) != nil) }
        #expect(ask(viewers, "late", master, at: now) == nil)
        #expect(ask(viewers, "v3", master, at: now) != nil)
        #expect(ask(viewers, "late", segment, at: now) != nil, "media is never refused")
        let later = now.adding(milliseconds: 6000)
        _ = viewers.reports(at: later) { _ in 6000 }
        #expect(viewers.table.openCount == 0)
        #expect(ask(viewers, "late2", master, at: later) != nil)
    }

    @Test func `beyond the bound another player waits, also at the address of one that watches`() throws {
        let viewers = viewers(max: 1)
        let (master, playlist) = (try subject("master.m3u8"), try subject("720p/playlist.m3u8"))
        #expect(ask(viewers, "", master, at: now) != nil)
        #expect(ask(viewers, "", playlist, at: now) != nil)
        #expect(ask(viewers, "", master, at: now) == nil)
        #expect(ask(viewers, "", playlist, at: now) != nil)
    }

    @Test func `segments without a name are of the session whose playlist was fetched from there last`() throws {
        let viewers = viewers(max: 10)
        let (playlist, segment) = (try subject("720p/playlist.m3u8"), try subject("720p/segment-7.m4s"))
        _ = ask(viewers, "first", playlist, at: now)
        _ = ask(viewers, "", segment, at: now)
        _ = ask(viewers, "second", playlist, at: now)
        _ = ask(viewers, "", segment, at: now, bytes: 100)
        let shares = try #require(viewers.reports(at: now) { _ in 6000 }.first).report.sessions
        #expect(shares.map(\.bytesSent).sorted() == [20, 110])
        // Long after that playlist, it is somebody else.
        let later = now.adding(milliseconds: ViewerAliases.memoryMilliseconds)
        _ = ask(viewers, "", segment, at: later)
        #expect(viewers.table.count == 3)
    }

    @Test func `the table is bounded, what does not fit counts for the stream, and room is made`() throws {
        let viewers = viewers(max: 10)
        let segment = try subject("720p/segment-7.m4s")
        for number in 0..<50 { _ = ask(viewers, "v\(number)", segment, at: now) }
        #expect(viewers.table.count == 20)
        let reports = viewers.reports(at: now) { _ in 6000 }
        #expect(reports.map(\.report.bytesSent) == [500])
        #expect(reports.first?.report.sessions.count == 20)
        _ = viewers.reports(at: now.adding(milliseconds: 6000)) { _ in 6000 }
        #expect(viewers.table.count == 0)
        _ = ask(viewers, "v1", segment, at: now.adding(milliseconds: 6001))
        let next = viewers.reports(at: now.adding(milliseconds: 6001)) { _ in 6000 }
        #expect(next.map(\.report.bytesSent) == [510])
    }

    @Test func `many sessions are told in several reports`() throws {
        let viewers = viewers(max: 10_000)
        let segment = try subject("720p/segment-7.m4s")
        for number in 0..<4500 { _ = ask(viewers, "v\(number)", segment, at: now) }
        let reports = viewers.reports(at: now) { _ in 6000 }
        #expect(reports.map(\.report.sessions.count) == [2000, 2000, 500])
        #expect(Set(reports.flatMap { $0.report.sessions.map(\.id) }).count == 4500)
        #expect(viewers.reports(at: now) { _ in 6000 }.isEmpty)
    }

    @Test func `what a broken connection did not send is not counted`() throws {
        let viewers = viewers(max: 10)
        let response = ask(viewers, "a", try subject("720p/segment-7.m4s"), at: now, bytes: 1000)
        try #require(response?.receipt).bytesNotSent(400)
        #expect(viewers.reports(at: now) { _ in 6000 }.first?.report.sessions.first?.bytesSent == 600)
    }

    @Test func `without cookies, who shows no name is a session at once`() throws {
        let viewers = viewers(max: 10, cookies: false)
        let response = ask(viewers, "", try subject("master.m3u8"), at: now)
        #expect(response?.fields["set-cookie"] == nil)
        #expect(viewers.reports(at: now) { _ in 6000 }.first?.report.sessions.count == 1)
    }

    @Test func `pictures are sent to no session`() throws {
        let viewers = viewers(max: 10)
        _ = ask(viewers, "a", try subject("thumbnail.jpg"), at: now)
        #expect(viewers.table.count == 0)
        #expect(viewers.reports(at: now) { _ in 6000 }.first?.report.bytesSent == 10)
    }

    @Test func `addresses of playlists alone get the name of a session`() {
        let master = """
            #EXTM3U
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",URI="audio/playlist.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="x"
            720p/playlist.m3u8
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="720p/iframes.m3u8"

            """
        let named = SessionAddresses.playlist([Bytes(utf8: master)], naming: "me").string
        #expect(named == master.replacing(".m3u8", with: ".m3u8?session=me"))
        let media = """
            #EXTM3U
            #EXT-X-MAP:URI="init-1.mp4"
            #EXT-X-PART:DURATION=1,URI="segment-7.0.m4s"
            segment-7.m4s
            #EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-8.0.m4s"
            #EXT-X-RENDITION-REPORT:URI="../audio/playlist.m3u8",LAST-MSN=7

            """
        let list = SessionAddresses.playlist([Bytes(utf8: media)], naming: "me").string
        #expect(list == media.replacing(".m3u8", with: ".m3u8?session=me"))
        let over = #"<?xml version="1.0"?><MPD type="static"><Period/></MPD>"#
        #expect(SessionAddresses.manifest([Bytes(utf8: over)], naming: "me").string == over)
    }
}
