import Bytes
import Foundation
import Network
import RTMP
import TestKit
import Testing

/// What a hostile or careless viewer can do over HTTP.
@Suite(.timeLimit(.minutes(1))) struct HostileHTTPTests {
    /// Requests that another server may understand differently, or that are no requests, and the status they get.
    static let requests: [(text: String, status: Int)] = [
        ("POST /streams HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        ("POST /streams HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /streams HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /streams HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
        ("POST /streams HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        ("POST /streams HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400),
        ("POST /streams HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\n", 413),
        ("POST /streams HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 200_000))\r\n\r\n", 431),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", 400),
    ]

    private func status(of answer: Bytes) -> Int? { Int(answer.string.dropFirst("HTTP/1.1 ".count).prefix(3)) }

    @Test func `requests that can be read in two ways are refused, and the connection is closed`() async throws {
        let sluice = try await SluiceProcess()
        for request in Self.requests {
            let answer = try await Wire.exchange(Bytes(utf8: request.text), with: sluice.httpPort)
            #expect(status(of: answer) == request.status, "\(request.text.prefix(80))")
            #expect(!answer.string.dropFirst(9).contains("HTTP/1.1 "), "answered twice: \(request.text.prefix(80))")
        }
        #expect(try await sluice.get("/health/live").status == 200)
    }

    @Test(arguments: [
        "/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/.env",
        "/web/../../Package.swift", "/player.html/../../README.md", "/vendor/..%5c..%5cPackage.swift",
        "/hls/%2e%2e/sluice.db",
        "/hls/01a20794-366b-77b7-be4d-4d08f7bf53a4/source/..%2f..%2fsluice.db", "/%00", "/%zz",
    ])
    func `no path leaves its place`(path: String) async throws {
        let sluice = try await SluiceProcess()
        let request = "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        let answer = try await Wire.exchange(Bytes(utf8: request), with: sluice.httpPort)
        #expect([400, 404].contains(status(of: answer)), "\(path)")
    }

    @Test func `a hundred pipelined requests get a hundred answers in order`() async throws {
        let sluice = try await SluiceProcess()
        let keep = String(repeating: "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", count: 99)
        let last = "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        let answer = try await Wire.exchange(Bytes(utf8: keep + last), with: sluice.httpPort)
        let statuses = answer.string.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
        #expect(statuses == [Substring](repeating: "200", count: 99) + ["404"])
    }

    @Test func `asking for streams that are not there costs no memory`() async throws {
        let sluice = try await SluiceProcess()
        func ask(_ count: Int) async throws {
            let requests = (0..<count).map { number in
                "GET /hls/\(UUID().uuidString.lowercased())/master.m3u8 HTTP/1.1\r\nHost: a\r\n"
                    + (number == count - 1 ? "Connection: close\r\n\r\n" : "\r\n")
            }
            let answer = try await Wire.exchange(Bytes(utf8: requests.joined()), with: sluice.httpPort)
            #expect(answer.string.components(separatedBy: "HTTP/1.1 404").count == count + 1)
        }
        // The first thousand fill what is bounded.
        try await ask(1000)
        let before = sluice.residentBytes
        for _ in 0..<5 { try await ask(1000) }
        #expect(sluice.residentBytes < before + 8 << 20)
    }

    @Test func `readers that stand still share one buffer and keep nobody waiting`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try FLVClip(
            try await TestClip.make(in: sluice.directory.url, seconds: 4, size: "1280x720", audio: false))
        let stream = try await sluice.makeStream()
        // Made heavy by a message in each picture, so that a segment is larger than the kernel's buffers: a NAL unit of
        // supplemental information, type 6, with its length before it.
        let weight = [0, 2, 0, 0, 6, 5] + [UInt8](repeating: 0xFF, count: 0x2_0000 - 2)
        let heavy = clip.frames.map { frame in
            RawMessage(type: frame.type, timestamp: frame.timestamp, payload: Bytes(frame.payload.array + weight))
        }
        try await ScriptedEncoder.connect(to: stream, on: sluice) { encoder in
            try await encoder.publish()
            try await encoder.send(clip.headers + heavy)
            try await encoder.finish()
        }
        try await eventually("the stream has ended") { try await sluice.state(of: stream) == "ended" }
        let playlist = try StrictPlaylist(await sluice.text("/hls/\(stream.id)/source/playlist.m3u8"))
        let segment = try #require(playlist.segments.first)
        let path = "/hls/\(stream.id)/source/\(segment.name)"
        let whole = try await sluice.get(path).body
        #expect(whole.count > 5_000_000)
        let before = sluice.residentBytes
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await Wire.connect(to: sluice.httpPort, receiveBufferBytes: 4096) { connection in
                        try await connection.write(Bytes(utf8: "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n"))
                        _ = try await connection.read()
                        try await Task.sleep(for: .seconds(60))
                    }
                }
            }
            try await eventually("all of them are connected") { sluice.descriptorCount > 100 }
            let began = ContinuousClock.now
            #expect(try await sluice.get(path).body == whole)
            #expect(ContinuousClock.now - began < .seconds(3))
            #expect(sluice.residentBytes < before + 32 << 20, "a copy for each would take \(whole.count * 100)")
            group.cancelAll()
            // The sleeps were cancelled; that is how these readers leave.
            while let result = await group.nextResult() { _ = result }
        }
        try await eventually("their connections are gone") { sluice.descriptorCount < 60 }
    }
}
