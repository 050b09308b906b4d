import Foundation
import FoundationNetworking
import TestKit
import Testing

extension LadderTests {
    /// What is said of viewers is what they did.
    @Suite(.timeLimit(.minutes(5))) struct AudienceTests {
        private static let count = 200

        @Test func `two hundred viewers come, switch, stall and go, and the numbers are what they did`() async throws {
            let sluice = try await SluiceProcess(
                environment: LadderTests.small.merging(["DVR_SECONDS": "60"]) { $1 })
            let clip = try await TestClip.make(in: sluice.directory.url, seconds: 12)
            let stream = try await sluice.makeStream()
            let publisher = try Encoder.ffmpeg.publish(
                clip, to: stream.publishURL, in: sluice.directory.url, loops: true)
            let segments = try await segments(of: stream, on: sluice)
            let viewers = (0..<Self.count).map { CountedViewer($0, stream, segments, sluice) }

            try await all(viewers) { try await $0.come() }
            try await eventually("all are counted", within: 60) {
                try await all(viewers) { try await $0.stay() }
                return try await self.number("viewers", of: stream, on: sluice) == Self.count
            }
            try await all(viewers) { try await $0.watch() }
            let overview = try await members("/overview", on: sluice)
            let streams = overview["streams"] as? [[String: Any]]
            #expect(streams?.first?["viewers"] as? Int == Self.count)

            try await all(viewers) { try await $0.leave() }
            try await eventually("all have gone", within: 60) {
                try await self.number("viewers", of: stream, on: sluice) == 0
            }
            try await expect(viewers, in: stream, on: sluice)
            _ = try await publisher.stop()
        }

        /// Six segments that both renditions have.
        private func segments(of stream: TestStream, on sluice: SluiceProcess) async throws -> [Int] {
            var found: [Int] = []
            try await eventually("there are six segments", within: 60) {
                let playlist = try? await sluice.text("/hls/\(stream.id)/240p/playlist.m3u8")
                found = (playlist ?? "").matches(of: #/\nsegment-(\d+)\.m4s/#).compactMap { Int($0.output.1) }
                return found.count >= 6
            }
            return Array(found.suffix(6))
        }

        private func all(
            _ viewers: [CountedViewer], _ act: @escaping @Sendable (CountedViewer) async throws -> Void
        ) async throws {
            try await withThrowingTaskGroup { group in
                for lane in 0..<8 {
                    group.addTask {
                        for index in stride(from: lane, to: viewers.count, by: 8) { try await act(viewers[index]) }
                    }
                }
                try await group.waitForAll()
            }
        }

        private func members(_ path: String, on sluice: SluiceProcess) async throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: try await sluice.data(path)) as? [String: Any] ?? [:]
        }

        private func number(_ name: String, of stream: TestStream, on sluice: SluiceProcess) async throws -> Int? {
            try await members("/streams/\(stream.id)", on: sluice)[name] as? Int
        }

        /// Holds what was written down of each session against what its viewer did.
        private func expect(
            _ viewers: [CountedViewer], in stream: TestStream, on sluice: SluiceProcess
        ) async throws {
            var written: [[String: Any]] = []
            try await eventually("all sessions are final", within: 30) {
                let page = try await members("/streams/\(stream.id)/viewers?open=false&limit=500", on: sluice)
                written = page["viewers"] as? [[String: Any]] ?? []
                return written.count == Self.count + 1
            }
            // The newest come first. The first of all was this test, when it waited for segments.
            written.removeLast()
            // A session's id says nothing of its viewer: what is compared is how often each combination occurs.
            let found = written.map { session in
                ["bytes_sent", "quality_switches", "stalls", "stalled_ms", "startup_ms"]
                    .map { "\(session[$0] as? Int ?? -1)" }.joined(separator: " ")
            }
            var expected: [String] = []
            for viewer in viewers { expected.append(await viewer.line) }
            #expect(found.sorted() == expected.sorted())
            let open = try await members("/streams/\(stream.id)/viewers?open=true&limit=500", on: sluice)
            #expect((open["viewers"] as? [Any])?.isEmpty == true)
        }
    }
}

/// An HTTP client that keeps count of what it does.
private actor CountedViewer {
    private let number: Int
    private let stream: TestStream
    private let segments: [Int]
    private let sluice: SluiceProcess
    private var bytes = 0

    init(_ number: Int, _ stream: TestStream, _ segments: [Int], _ sluice: SluiceProcess) {
        self.number = number
        self.stream = stream
        self.segments = segments
        self.sluice = sluice
    }

    /// Every other one switches once, every fourth twice.
    private var switches: Int { number % 4 == 0 ? 2 : number % 2 == 0 ? 1 : 0 }
    private var stalls: Int { number % 5 == 0 ? 1 : 0 }

    /// What is to be written down of it: those that say goodbye tell how it was, of the others requests tell.
    var line: String {
        let saysGoodbye = number % 3 == 0
        return "\(bytes) \(switches) \(stalls) \(saysGoodbye ? stalls * 250 : 0) \(saysGoodbye ? 400 + number : -1)"
    }

    private func get(_ file: String, _ measurements: String = "") async throws {
        let value = "sid=\"viewer-\(number)\"\(measurements)"
        let query = value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let answer = try await sluice.request(
            "GET", "/hls/\(stream.id)/\(file)?CMCD=\(query)", headers: ["Accept-Encoding": "identity"],
            authorized: false)
        #expect(answer.status == 200, "\(file)")
        bytes += answer.body.count
    }

    func come() async throws {
        try await get("master.m3u8")
        try await get("240p/playlist.m3u8")
        try await get("240p/segment-\(segments[0]).m4s")
    }

    func stay() async throws { try await get("240p/playlist.m3u8") }

    func watch() async throws {
        for (index, segment) in segments.enumerated().dropFirst() {
            let rendition = switches == 0 || index < 2 || switches == 2 && index > 3 ? "240p" : "180p"
            try await get("\(rendition)/segment-\(segment).m4s", index == 3 && stalls > 0 ? ",bs" : "")
        }
    }

    /// Every third says so; the others are just not heard of any more.
    func leave() async throws {
        guard number % 3 == 0 else { return }
        let answer = try await sluice.request(
            "POST", "/hls/\(stream.id)/beacon",
            body: """
                {"session": "viewer-\(number)", "startup_ms": \(400 + number), "stalls": \(stalls), \
                "stalled_ms": \(stalls * 250), "leaving": true}
                """, authorized: false)
        #expect(answer.status == 204)
    }
}
