import StreamingCore
import Testing

@Suite struct StreamMetricsSpanTests {
    private func span(_ from: Int64, _ to: Int64, step: Int) throws -> StreamMetricsSpan {
        try StreamMetricsSpan(
            from: WallTime(unixMilliseconds: from), to: WallTime(unixMilliseconds: to), stepSeconds: step)
    }

    @Test func `parts of a second are rounded to the next whole one`() throws {
        #expect(try span(1000, 3000, step: 1).seconds == 1..<3)
        #expect(try span(1001, 3001, step: 1).seconds == 2..<4)
        #expect(try span(-1500, -500, step: 1).seconds == -1..<0)
        #expect(try span(9000, 1000, step: 1).seconds.isEmpty)
    }

    @Test(arguments: [-7, 0, 7, 1_795_435_200]) func `only whole spans of so many steps are taken`(_ first: Int64)
        throws
    {
        let step = 60
        let begin = first * 60_000
        let most = Int64(AudienceLimits.pointsMax) * 60_000
        _ = try span(begin, begin + most, step: step)
        #expect(throws: StreamError.invalidValue(field: "step", reason: "makes more than 2000 points")) {
            try span(begin, begin + most + 1, step: step)
        }
        #expect(throws: StreamError.self) { try span(begin + 30_000, begin + 30_000 + most, step: step) }
    }

    @Test func `pieces cover what is asked for and stored, each short enough for a statement`() throws {
        let length = AudienceLimits.secondsAtOnceMax
        let span = try span(5000, (length * 3 + 5) * 1000, step: 3600)
        #expect(span.pieces(of: 0...100) == [5..<101])
        #expect(
            span.pieces(of: 7...length * 9) == [
                7..<length + 7, length + 7..<length * 2 + 7, length * 2 + 7..<length * 3 + 5,
            ])
        #expect(span.pieces(of: 0...4) == [])
        #expect(span.pieces(of: length * 3 + 5...length * 4) == [])
    }
}
