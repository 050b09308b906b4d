import Foundation
import StreamingCore
import Testing

@Suite struct WallTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_704_067_200_000, "2024-01-01T00:00:00.000Z"), (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
        (4_107_542_399_000, "2100-02-28T23:59:59.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func `a time is written as RFC 3339 has it`(milliseconds: Int64, text: String) {
        #expect(WallTime(unixMilliseconds: milliseconds).description == text)
    }

    /// Foundation's formatter is the judge, over days of four centuries and odd times of day.
    @Test func `every day has the date that Foundation gives it`() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for day in stride(from: Int64(-30_000), to: 120_000, by: 1) {
            let milliseconds = day * 86_400_000 + (day &* 7_919_333) % 86_400_000
            let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            guard WallTime(unixMilliseconds: milliseconds).description != style.format(date) else { continue }
            // Foundation may round a binary fraction to the millisecond beside it.
            let neighbours = [-1, 1].map { WallTime(unixMilliseconds: milliseconds + $0).description }
            #expect(neighbours.contains(style.format(date)), "\(milliseconds)")
        }
    }

    @Test func `the machine's clock tells the present`() {
        let before = Int64(Date().timeIntervalSince1970 * 1000)
        let now = SystemWallClock().now().unixMilliseconds
        let after = Int64(Date().timeIntervalSince1970 * 1000) + 1
        #expect((before - 1...after + 1).contains(now))
    }

    @Test func `times are ordered and can be moved`() {
        let time = WallTime(unixMilliseconds: 5)
        #expect(time < time.adding(milliseconds: 1))
        #expect(time.adding(milliseconds: -10) == WallTime(unixMilliseconds: -5))
    }
}
