import StreamingCore
import Testing

@testable import APIService

@Suite struct AudienceBoardTests {
    private static let start = WallTime(unixMilliseconds: 1_795_435_200_000)
    private let stream = StreamID(at: AudienceBoardTests.start)

    /// A time so many seconds after the start.
    private func second(_ seconds: Double) -> WallTime {
        Self.start.adding(milliseconds: Int64(seconds * 1000))
    }

    private func share(
        _ viewer: Int, from first: Double = 0, to last: Double, bytes: Int64 = 0,
        _ change: (inout SessionShare) -> Void = { _ in }
    ) -> SessionShare {
        var share = SessionShare(
            id: ViewerSessionID(stream: stream, token: "viewer \(viewer)"), streamingProtocol: .hls,
            firstSeenAt: second(first), lastSeenAt: second(last), bytesSent: bytes)
        change(&share)
        return share
    }

    private func report(
        _ instance: String = "a", at seconds: Double, bytes: Int64 = 0, _ shares: [SessionShare]
    ) -> StreamReport {
        .audience(
            AudienceReport(
                instance: instance, at: second(seconds), bytesSent: bytes, silenceMilliseconds: 6000, sessions: shares))
    }

    private func board(_ reports: [StreamReport]) -> AudienceBoard {
        var board = AudienceBoard(at: Self.start)
        for report in reports { board.told(report, of: stream) }
        return board
    }

    private func sessions(_ board: AudienceBoard, at seconds: Double = 1000) -> [ViewerSession] {
        board.sessionsToRecord(at: second(seconds), max: 10_000).sorted { $0.startedAt < $1.startedAt }
    }

    @Test func `a viewer whose requests reach two processes is one`() throws {
        var board = board([
            report("a", at: 1, [share(1, from: 0.2, to: 0.9, bytes: 700)]),
            report("b", at: 1, [share(1, from: 0.1, to: 0.8, bytes: 300)]),
        ])
        #expect(board.secondPassed(second(1)).first?.viewers == 1)
        let session = try #require(sessions(board).first)
        #expect(session.totals.bytesSent == 1000)
        #expect(session.startedAt == second(0.1))
        #expect(session.lastSeenAt == second(0.9))
    }

    @Test func `a report that comes twice or late changes nothing`() throws {
        let early = report(at: 1, [share(1, to: 1, bytes: 500)])
        let late = report(at: 2, [share(1, to: 2, bytes: 900)])
        for order in [[early, late], [late, early], [early, early, late, late, early]] {
            let session = try #require(sessions(board(order)).first)
            #expect(session.totals.bytesSent == 900)
            #expect(session.lastSeenAt == second(2))
        }
    }

    @Test func `silence ends a session where it began`() throws {
        var board = board([report(at: 1, [share(1, to: 1)])])
        #expect(board.secondPassed(second(7)).first?.viewers == 1)
        #expect(board.secondPassed(second(8)).first?.viewers == 0)
        let session = try #require(sessions(board).first)
        #expect(session.endedAt == second(1))
        #expect(session.durationMilliseconds == 1000)
    }

    @Test func `a player that says goodbye is gone at once`() {
        var board = board([
            report(at: 1, [share(1, to: 1), share(2, to: 1)]),
            report(at: 2, [share(1, to: 1.5) { $0.isLeaving = true }]),
        ])
        #expect(board.secondPassed(second(2)).first?.viewers == 1)
    }

    /// Told by two processes, in either order.
    @Test(arguments: [false, true]) func `what came elsewhere just after a goodbye is none who is back`(first: Bool) {
        let goodbye = report(at: 2, [share(1, to: 1.5) { $0.isLeaving = true }, share(2, to: 1.5)])
        let elsewhere = report("b", at: 2, [share(1, to: 1.6)])
        var board = board(first ? [elsewhere, goodbye] : [goodbye, elsewhere])
        #expect(board.secondPassed(second(2)).first?.viewers == 1)
        board.told(report("b", at: 3, [share(1, to: 2.9)]), of: stream)
        #expect(board.secondPassed(second(3)).first?.viewers == 2)
    }

    @Test func `whoever comes back goes on with the same session`() throws {
        var board = board([report(at: 1, [share(1, to: 1, bytes: 10)])])
        _ = board.secondPassed(second(20))
        board.told(report(at: 31, [share(1, to: 31, bytes: 30)]), of: stream)
        #expect(board.secondPassed(second(31)).first?.viewers == 1)
        let session = try #require(sessions(board).first)
        #expect(session.endedAt == nil)
        #expect(session.startedAt == second(0))
    }

    @Test func `an ended session that was written down is forgotten in time`() {
        var board = board([report(at: 1, [share(1, to: 1)])])
        _ = board.secondPassed(second(20))
        board.recorded(sessions(board), at: second(20), isWritten: true)
        #expect(sessions(board).isEmpty)
        _ = board.secondPassed(second(602))
        #expect(board.sessionCount == 0)
        _ = board.secondPassed(second(1300))
        #expect(board.streams.isEmpty)
    }

    @Test func `what could not be written down comes again`() {
        var board = board([report(at: 1, [share(1, to: 1)])])
        _ = board.secondPassed(second(1))
        board.recorded(sessions(board), at: second(1), isWritten: false)
        #expect(sessions(board).count == 1)
    }

    @Test func `what changed while it was written comes again`() {
        var board = board([report(at: 1, [share(1, to: 1, bytes: 1)])])
        let written = sessions(board)
        board.told(report(at: 2, [share(1, to: 2, bytes: 2)]), of: stream)
        board.recorded(written, at: second(2), isWritten: true)
        #expect(sessions(board, at: 3).isEmpty)
        #expect(sessions(board, at: 12).map(\.totals.bytesSent) == [2])
    }

    @Test func `viewers are counted by the rendition that they fetched last`() {
        var board = board([
            report(
                at: 1,
                [
                    share(1, to: 1) { $0.picks = [.init(segmentNumber: 1, rendition: "480p")] },
                    share(2, to: 1) {
                        $0.picks = [
                            .init(segmentNumber: 1, rendition: "480p"), .init(segmentNumber: 2, rendition: "720p"),
                        ]
                    },
                    share(3, to: 1),
                ])
        ])
        #expect(board.secondPassed(second(1)).first?.viewersByRendition == ["480p": 1, "720p": 1])
    }

    @Test func `what goes out is added up over processes, of those that still tell`() {
        var board = board([
            report("a", at: 1, bytes: 1_000_000, []), report("a", at: 2, bytes: 1_125_000, []),
            report("b", at: 1, bytes: 0, []), report("b", at: 2, bytes: 250_000, []),
        ])
        #expect(board.secondPassed(second(2)).first?.egressBitsPerSecond == 3_000_000)
        board.told(report("b", at: 6, bytes: 250_000, []), of: stream)
        #expect(board.secondPassed(second(6)).first?.egressBitsPerSecond == 0)
    }

    @Test func `a burst is of the second in which it went out, and of no other`() {
        var board = board([report("a", at: 1, bytes: 100, [])])
        _ = board.secondPassed(second(1))
        board.told(report("a", at: 11, bytes: 1_000_100, [share(1, from: 10.6, to: 11, bytes: 1_000_000)]), of: stream)
        #expect(board.secondPassed(second(11)).first?.egressBitsPerSecond == 8_000_000)
        #expect(board.secondPassed(second(12)).first?.egressBitsPerSecond == 0)
    }

    @Test func `what a new process sends to its first viewer counts, and what it sent before does not`() {
        var board = board([report("a", at: 1, bytes: 5000, [share(1, from: 0.6, to: 1, bytes: 1000)])])
        #expect(board.secondPassed(second(1)).first?.egressBitsPerSecond == 8000)
    }

    @Test func `what went out while reports were lost is no burst`() {
        var board = board([report("a", at: 1, bytes: 0, [share(1, to: 1)])])
        _ = board.secondPassed(second(1))
        board.told(report("a", at: 11, bytes: 1_000_000, [share(1, to: 11, bytes: 1_000_000)]), of: stream)
        #expect(board.secondPassed(second(11)).first?.egressBitsPerSecond == 800_000)
    }

    @Test func `the stall ratio is of those whose players tell`() throws {
        var board = board([
            report(at: 1, [share(1, to: 1) { $0.bufferMilliseconds = 2000 }, share(2, to: 1)])
        ])
        #expect(board.secondPassed(second(1)).first?.stallRatio == 0)
        board.told(
            report(
                at: 2,
                [
                    share(1, to: 2) {
                        $0.stalls = 1
                        $0.stalledMilliseconds = 250
                    }
                ]), of: stream)
        #expect(board.secondPassed(second(2)).first?.stallRatio == 0.25)
        #expect(board.secondPassed(second(3)).first?.stallRatio == 0)
    }

    @Test func `start-ups are drawn together in the second in which they were told`() throws {
        let shares = (1...20).map { number in
            share(number, to: 1) { $0.startupMilliseconds = Int64(number) * 100 }
        }
        var board = board([report(at: 1, shares), report(at: 1.5, shares)])
        let startup = try #require(board.secondPassed(second(2)).first?.startup)
        #expect(startup == .init(count: 20, median: 1000, percentile95: 1900))
        #expect(board.secondPassed(second(3)).first?.startup == nil)
    }

    @Test func `an encoder that is gone is not told of any more`() {
        let source = SourceReport(
            instance: "i", at: second(1), bitsPerSecond: 5_000_000, health: SourceHealth(picturesPerSecond: 30))
        var board = board([.source(source)])
        #expect(board.secondPassed(second(2)).first?.ingressBitsPerSecond == 5_000_000)
        let after = board.secondPassed(second(5))
        #expect(after.first?.source == nil)
        // The second in which it ended is told once, then there is nothing more to say.
        #expect(board.secondPassed(second(6)).isEmpty)
    }

    @Test func `sessions beyond the bound are refused and counted`() {
        var board = AudienceBoard(at: Self.start)
        let perReport = AudienceReport.sessionsMax
        for index in 0..<AudienceBoard.sessionsMax / perReport + 1 {
            board.told(report(at: 1, (0..<perReport).map { share(index * perReport + $0, to: 1) }), of: stream)
        }
        #expect(board.sessionCount == AudienceBoard.sessionsMax)
        #expect(board.sessionsRefused == perReport)
    }

    @Test func `two boards that are told the same say the same`() {
        let reports = (1...30).map { second in
            let shares = (0..<10).map { viewer in
                share(viewer, to: Double(second - viewer), bytes: Int64(second * 10))
            }
            return report(second % 2 == 0 ? "a" : "b", at: Double(second), bytes: Int64(second * 1000), shares)
        }
        var (one, other) = (board(reports), board(reports.reversed()))
        #expect(one.secondPassed(second(30)).first?.viewers == other.secondPassed(second(30)).first?.viewers)
        #expect(Set(sessions(one).map(\.totals.bytesSent)) == Set(sessions(other).map(\.totals.bytesSent)))
    }
}
