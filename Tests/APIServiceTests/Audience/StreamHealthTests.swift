import StreamingCore
import Testing

@testable import APIService

@Suite struct StreamHealthTests {
    private static let stream = StreamID(at: WallTime(unixMilliseconds: 1_795_435_200_000))

    /// A minute of a stream that has nothing wrong, changed second by second.
    private func minute(_ change: (Int, inout StreamMetrics) -> Void = { _, _ in }) -> [StreamMetrics] {
        (0..<60).map { second in
            var metrics = StreamMetrics(
                streamID: Self.stream, at: WallTime(unixMilliseconds: Int64(second) * 1000), viewers: 10,
                ingressBitsPerSecond: 5_000_000, stallRatio: 0,
                source: SourceHealth(
                    picturesPerSecond: 30, keyframeIntervalMilliseconds: 2000, usualBitsPerSecond: 5_000_000))
            change(second, &metrics)
            return metrics
        }
    }

    private func codes(_ recent: [StreamMetrics], _ state: BroadcastStatus.State = .running) -> [StreamHealth.Code] {
        StreamHealth(recent: recent, transcoding: (state, nil)).deductions.map(\.code)
    }

    @Test func `a stream with nothing wrong has all points`() {
        let health = StreamHealth(recent: minute(), transcoding: (.running, nil))
        #expect(health.score == 100)
        #expect(health.grade == .good)
        #expect(health.recommendations.isEmpty)
    }

    @Test func `rare keyframes are named with their interval, and what to set`() {
        let recent = minute { $1.source?.keyframeIntervalMilliseconds = 8340 }
        let health = StreamHealth(recent: recent, transcoding: nil)
        #expect(health.deductions.map(\.reason) == ["A keyframe comes every 8.3 s."])
        #expect(health.recommendations.first?.text.contains("2 s") == true)
        #expect(health.score == 85)
    }

    @Test func `an interval of four seconds is borne`() {
        let codes1 = codes(minute { $1.source?.keyframeIntervalMilliseconds = 4000 })
        #expect(codes1.isEmpty)
        let codes2 = codes(minute { $1.source?.keyframeIntervalMilliseconds = 4200 })
        #expect(codes2 == [.keyframesRare])
    }

    @Test func `each trouble of an encoder has its own deduction`() {
        let slower = minute { second, metrics in if second > 54 { metrics.source?.picturesPerSecond = 20 } }
        #expect(codes(slower) == [.pictureRateFalls])
        let dipping = minute { second, metrics in if second % 10 == 0 { metrics.ingressBitsPerSecond = 1_000_000 } }
        #expect(codes(dipping) == [.bitrateDips])
        let codes3 = codes(minute { $1.source?.audioDriftMilliseconds = -150 })
        #expect(codes3 == [.audioDrifts])
        let codes4 = codes(minute { $1.source?.timestampRepairs = 100 + Int64($0) })
        #expect(codes4 == [.timestampsRepaired])
        let codes5 = codes(minute { $1.source?.timestampRepairs = 100 })
        #expect(codes5.isEmpty)
        let codes6 = codes(minute { $1.source?.arrivalDelayMilliseconds = 1500 })
        #expect(codes6 == [.mediaLate])
        let codes7 = codes(minute { second, metrics in if second == 59 { metrics.source = nil } })
        #expect(codes7 == [.noSource])
    }

    @Test func `what we fail at counts too`() {
        #expect(codes(minute(), .degraded) == [.transcodingDegraded])
        #expect(codes(minute(), .refused) == [.transcodingRefused])
        #expect(codes(minute(), .failed) == [.transcodingFailed])
        #expect(codes(minute(), .passthrough).isEmpty)
    }

    @Test func `viewers who wait take points off by how much they do`() {
        let (little, much) = (minute { $1.stallRatio = 0.02 }, minute { $1.stallRatio = 0.08 })
        #expect(StreamHealth(recent: little, transcoding: nil).score == 90)
        #expect(StreamHealth(recent: much, transcoding: nil).score == 75)
        let codes8 = codes(minute { $1.stallRatio = 0.005 })
        #expect(codes8.isEmpty)
    }

    @Test func `the score never falls below nothing`() {
        let recent = minute {
            $1.source = nil
            $1.stallRatio = 0.5
            $1.startup = .init(count: 1, median: 9000, percentile95: 9000)
        }
        let health = StreamHealth(recent: recent, transcoding: (.failed, "the encoder died"))
        #expect(health.score == 0)
        #expect(health.grade == .poor)
        #expect(health.deductions.contains { $0.reason.contains("the encoder died") })
    }
}

@Suite struct TrendTests {
    @Test func `a line has its slope per minute`() throws {
        let trend = try #require(Trend((0..<60).map { 100 + Double($0) }))
        #expect(trend.direction == .rising)
        #expect(abs(trend.changePerMinute - 60) < 0.001)
        #expect(Trend((0..<60).map { 100 - Double($0) })?.direction == .falling)
    }

    @Test func `what moves little is steady`() {
        #expect(Trend((0..<60).map { 100 + Double($0 % 2) })?.direction == .steady)
        #expect(Trend(Array(repeating: 0, count: 60))?.direction == .steady)
    }

    @Test func `of less than ten seconds nothing is said`() {
        #expect(Trend(Array(repeating: 1, count: 9)) == nil)
    }
}
