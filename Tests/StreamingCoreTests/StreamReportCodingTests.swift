import Bytes
import StreamingCore
import Testing

@Suite struct StreamReportCodingTests {
    private static let noon = WallTime(unixMilliseconds: 1_795_435_200_000)

    private static let source = StreamReport.source(
        SourceReport(
            instance: "in", at: noon, bitsPerSecond: 5_000_000,
            health: SourceHealth(
                picturesPerSecond: 29.97, keyframeIntervalMilliseconds: 2000, usualBitsPerSecond: 4_900_000,
                audioDriftMilliseconds: -3, timestampRepairs: 7, arrivalDelayMilliseconds: 12)))

    private static func session(_ number: UInt64) -> SessionShare {
        SessionShare(
            id: ViewerSessionID(high: 1, low: number), streamingProtocol: .dash, firstSeenAt: noon,
            lastSeenAt: noon.adding(milliseconds: 5), bytesSent: 1 << 40, stalls: 2, stalledMilliseconds: 640,
            startupMilliseconds: 812, bufferMilliseconds: nil,
            picks: [.init(segmentNumber: 9, rendition: "720p"), .init(segmentNumber: 10, rendition: "480p")],
            isLeaving: true)
    }

    @Test func `the form is fixed`() {
        let report = StreamReport.audience(
            AudienceReport(
                instance: "a", at: WallTime(unixMilliseconds: 1), bytesSent: 2, silenceMilliseconds: 6000,
                sessions: [
                    SessionShare(
                        id: ViewerSessionID(high: 3, low: 4), streamingProtocol: .hls,
                        firstSeenAt: WallTime(unixMilliseconds: 5), lastSeenAt: WallTime(unixMilliseconds: 6),
                        bytesSent: 7, stalls: 8, stalledMilliseconds: 9, bufferMilliseconds: 10,
                        picks: [.init(segmentNumber: 11, rendition: "s")])
                ]))
        let zeros = [UInt8](repeating: 0, count: 7)
        var expected: [UInt8] = [1, 2, 1, 0x61] + zeros + [1] + zeros + [2, 0, 0, 0x17, 0x70, 0, 1]
        expected += zeros + [3] + zeros + [4, 8] + zeros + [5] + zeros + [6] + zeros + [7, 0, 0, 0, 8]
        expected += zeros + [9, 0, 0, 0, 10, 1] + zeros + [11, 1, 0x73]
        #expect(report.encoded.array == expected)
    }

    @Test func `a report is read as it was written`() throws {
        let full = StreamReport.audience(
            AudienceReport(
                instance: "über", at: Self.noon, bytesSent: 1 << 50, silenceMilliseconds: 6000,
                sessions: (0..<UInt64(AudienceReport.sessionsMax)).map(Self.session)))
        let empty = StreamReport.audience(
            AudienceReport(instance: "", at: Self.noon, bytesSent: 0, silenceMilliseconds: 6000, sessions: []))
        let bare = StreamReport.source(
            SourceReport(instance: "x", at: Self.noon, bitsPerSecond: 0, health: SourceHealth()))
        for report in [Self.source, full, empty, bare] {
            #expect(try StreamReport(decoding: report.encoded) == report)
        }
        #expect(full.encoded.count < 1_000_000, "it must fit into a record")
    }

    @Test func `random reports come through`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let shares = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                SessionShare(
                    id: ViewerSessionID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max)),
                    streamingProtocol: .random(), firstSeenAt: .random(), lastSeenAt: .random(),
                    bytesSent: .random(in: 0...1 << 50), stalls: .random(in: 0...1000),
                    stalledMilliseconds: .random(in: 0...1 << 40),
                    startupMilliseconds: Bool.random() ? .random(in: 0...600_000) : nil,
                    bufferMilliseconds: Bool.random() ? .random(in: 0...600_000) : nil,
                    picks: (0..<Int.random(in: 0...SessionShare.picksMax)).map {
                        .init(segmentNumber: .random(in: 0...1 << 40), rendition: String(repeating: "r", count: $0))
                    }, isLeaving: .random())
            }
            let report = StreamReport.audience(
                AudienceReport(
                    instance: "i", at: .random(), bytesSent: .random(in: 0...1 << 50), silenceMilliseconds: 6000,
                    sessions: shares))
            #expect(try StreamReport(decoding: report.encoded) == report)
        }
    }

    @Test func `what a record cannot hold is cut to what it can`() throws {
        var session = Self.session(1)
        session.picks = (0..<20).map { .init(segmentNumber: $0, rendition: String(repeating: "é", count: 40)) }
        session.bytesSent = -5
        session.stalls = .max
        let report = StreamReport.audience(
            AudienceReport(
                instance: String(repeating: "n", count: 500), at: WallTime(unixMilliseconds: -1), bytesSent: .max,
                silenceMilliseconds: 6000,
                sessions: Array(repeating: session, count: AudienceReport.sessionsMax + 1)))
        guard case .audience(let read) = try StreamReport(decoding: report.encoded) else {
            Issue.record("another kind")
            return
        }
        #expect(read.instance.count == StreamReport.instanceBytesMax)
        #expect(read.sessions.count == AudienceReport.sessionsMax)
        #expect(read.sessions[0].picks.map(\.segmentNumber) == Array(12..<20))
        #expect(read.sessions[0].picks[0].rendition.utf8.count == SessionShare.renditionBytesMax)
        #expect(read.sessions[0].bytesSent == 0)
    }

    @Test func `every piece of a record is refused, and every byte too many`() {
        let audience = StreamReport.audience(
            AudienceReport(
                instance: "a", at: Self.noon, bytesSent: 1, silenceMilliseconds: 6000, sessions: [Self.session(1)]))
        for record in [Self.source.encoded, audience.encoded] {
            for length in 0..<record.count {
                #expect(throws: StreamReportFailure.truncated) { try StreamReport(decoding: record.prefix(length)) }
            }
            #expect(throws: StreamReportFailure.trailingBytes(1)) {
                try StreamReport(decoding: Bytes(record.array + [0]))
            }
        }
    }

    @Test func `mutated records are read or refused, and never trap`() {
        let audience = StreamReport.audience(
            AudienceReport(
                instance: "a", at: Self.noon, bytesSent: 1, silenceMilliseconds: 6000,
                sessions: [Self.session(1), Self.session(2)]))
        for record in [Self.source.encoded.array, audience.encoded.array] {
            for index in record.indices {
                for value: UInt8 in [0, 1, 2, 127, 128, 255] {
                    var changed = record
                    changed[index] = value
                    // Whatever is read can be written again.
                    if let read = try? StreamReport(decoding: Bytes(changed)) { #expect(!read.encoded.isEmpty) }
                }
            }
        }
        #expect(throws: StreamReportFailure.unknownVersion(2)) { try StreamReport(decoding: [2, 1]) }
        #expect(throws: StreamReportFailure.unknownKind(9)) { try StreamReport(decoding: [1, 9]) }
        #expect(throws: StreamReportFailure.illegalText(field: "instance")) {
            try StreamReport(decoding: [1, 1, 2, 0xFF, 0xFE])
        }
    }
}

extension WallTime {
    fileprivate static func random() -> WallTime { WallTime(unixMilliseconds: .random(in: 0...1 << 45)) }
}

extension StreamingProtocol {
    fileprivate static func random() -> StreamingProtocol { Bool.random() ? .hls : .dash }
}
