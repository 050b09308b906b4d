import StreamingCore
import Testing

@Suite struct QualityLadderTests {
    private static func level(
        _ name: String, _ height: Int, _ bits: Int, frameRateMax: Int? = nil
    ) -> QualityLevel {
        QualityLevel(name: name, height: height, videoBitsPerSecond: bits, frameRateMax: frameRateMax)
    }

    @Test func `levels stand from the highest to the lowest`() throws {
        let low = Self.level("low", 480, 1_000_000)
        var middle = Self.level("middle", 720, 3_000_000, frameRateMax: 30)
        let high = Self.level("high", 1080, 8_000_000)
        middle.isEnabled = false
        let ladder = try QualityLadder([low, high, middle])
        #expect(ladder.levels == [high, middle, low])
        #expect(ladder.enabledLevels == [high, low])
        #expect(try QualityLadder([]) == .sourceAlone)
    }

    @Test(arguments: [
        ([level("", 720, 100_000)], "[0].name"), ([level("Low", 720, 100_000)], "[0].name"),
        ([level("a/b", 720, 100_000)], "[0].name"), ([level("source", 720, 100_000)], "[0].name"),
        ([level("audio", 720, 100_000)], "[0].name"),
        ([level(String(repeating: "a", count: 33), 720, 100_000)], "[0].name"),
        ([level("a", 143, 100_000)], "[0].height"), ([level("a", 145, 100_000)], "[0].height"),
        ([level("a", -2, 100_000)], "[0].height"), ([level("a", 4322, 100_000)], "[0].height"),
        ([level("a", 720, 49_999)], "[0].video_bits_per_second"),
        ([level("a", 720, 100_000_001)], "[0].video_bits_per_second"),
        ([level("a", 720, 100_000, frameRateMax: 0)], "[0].frame_rate_max"),
        ([level("a", 720, 100_000, frameRateMax: 241)], "[0].frame_rate_max"),
        ([level("a", 720, 200_000), level("a", 480, 100_000)], "[1].name"),
        ([level("a", 720, 200_000), level("b", 720, 100_000)], "[1].height"),
        ([level("a", 480, 100_000), level("b", 360, 90_000), level("c", 720, 100_000)], "[0].video_bits_per_second"),
        ((0..<9).map { level("l\($0)", 1000 - $0 * 2, 1_000_000 - $0) }, "[8]"),
    ])
    func `a level that is wrong, or does not fit the others, is told by its place`(
        levels: [QualityLevel], field: String
    ) {
        let error = #expect(throws: StreamError.self) { try QualityLadder(levels) }
        guard case .invalidValue(let found, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == field)
    }

    @Test func `a limit of frame rates touches the small levels and keeps lower limits`() throws {
        let ladder = try QualityLadder([
            Self.level("a", 720, 3_000_000), Self.level("b", 480, 2_000_000),
            Self.level("c", 360, 1_000_000, frameRateMax: 15), Self.level("d", 240, 500_000, frameRateMax: 60),
        ])
        let limited = ladder.limitingFrameRates(to: 30, upToHeight: 480)
        #expect(limited.levels.map(\.frameRateMax) == [nil, 30, 15, 30])
        #expect(limited.levels.map(\.name) == ladder.levels.map(\.name))
    }

    @Test func `a ladder that is stored wins over the configured one, none does not`() async throws {
        struct Stored: QualityLevelRepository {
            let ladder: QualityLadder
            func list() async throws(StreamError) -> QualityLadder { ladder }
            func replaceAll(with ladder: QualityLadder) async throws(StreamError) {}
        }
        let configured = try QualityLadder([Self.level("a", 720, 3_000_000)])
        let stored = try QualityLadder([Self.level("b", 480, 1_000_000)])
        #expect(try await Stored(ladder: stored).ladder(orElse: configured) == stored)
        #expect(try await Stored(ladder: .sourceAlone).ladder(orElse: configured) == configured)
    }
}
