import Packaging
import Testing

/// Renditions of 8, 5 and 2 Mbit/s, with audio.
@Suite struct QualityRecommendationTests {
    typealias Reason = QualityRecommendation.Reason

    static let ladder = [
        QualityRecommendation.Choice(name: "720p", bitRate: 5_128_000, height: 720, codecs: "avc1.64001f,mp4a.40.2"),
        QualityRecommendation.Choice(name: "1080p", bitRate: 8_128_000, height: 1080, codecs: "avc1.640028,mp4a.40.2"),
        QualityRecommendation.Choice(name: "480p", bitRate: 2_128_000, height: 480, codecs: "avc1.64001e,mp4a.40.2"),
    ]

    private func recommended(
        _ bandwidth: Int64, height: Int? = nil, families: Set<String>? = nil, current: String? = nil,
        buffer: Int64? = nil
    ) -> QualityRecommendation? {
        QualityRecommendation(
            Self.ladder,
            for: .init(
                bandwidth: bandwidth, heightMax: height, codecFamilies: families, current: current,
                bufferMilliseconds: buffer))
    }

    /// 80% of the bandwidth may be used.
    @Test(
        arguments: [
            (100_000_000, "1080p", .bandwidth), (10_160_000, "1080p", .bandwidth), (10_159_999, "720p", .bandwidth),
            (6_410_000, "720p", .bandwidth), (6_409_999, "480p", .bandwidth), (2_660_000, "480p", .bandwidth),
            (2_659_999, "480p", .lowest), (1, "480p", .lowest), (0, "480p", .lowest), (.max, "1080p", .bandwidth),
        ] as [(Int64, String, Reason)])
    func `a player that begins gets the best that the bandwidth carries`(
        bandwidth: Int64, name: String, reason: Reason
    ) {
        let found = recommended(bandwidth)
        #expect(found?.choice.name == name && found?.reason == reason)
    }

    @Test(
        arguments: [
            (100_000_000, 1080, "1080p", .bandwidth), (100_000_000, 1079, "720p", .heightLimit),
            (100_000_000, 480, "480p", .heightLimit), (7_900_000, 720, "720p", .bandwidth),
            (100_000_000, 360, "480p", .lowest), (1_000_000, 720, "480p", .lowest), (100_000_000, 0, "480p", .lowest),
        ] as [(Int64, Int, String, Reason)])
    func `no picture is taller than wanted, unless all are`(
        bandwidth: Int64, height: Int, name: String, reason: Reason
    ) {
        for current in [nil, "480p", "unheard-of"] {
            let found = recommended(bandwidth, height: height, current: current)
            #expect(found?.choice.name == name && found?.reason == reason)
        }
        // Who plays one that is too tall leaves it, whatever the buffer holds.
        if name != "1080p" {
            #expect(recommended(bandwidth, height: height, current: "1080p", buffer: 60_000)?.choice.name == name)
        }
    }

    /// A better one may take 65% of the bandwidth, the same one 80%, and all of it while the buffer lasts.
    @Test(
        arguments: [
            // Up, with reserve.
            (12_600_000, "720p", 4000, "1080p", .bandwidth), (12_504_615, "720p", 4000, "720p", .notSafeToRise),
            (12_600_000, "720p", 999, "720p", .notSafeToRise), (12_600_000, "720p", 1000, "1080p", .bandwidth),
            (100_000_000, "480p", nil, "1080p", .bandwidth),
            // One step where two are too much.
            (10_500_000, "480p", 4000, "720p", .bandwidth),
            // As it is.
            (10_160_000, "1080p", 0, "1080p", .bandwidth), (6_500_000, "720p", 0, "720p", .bandwidth),
            // Down, and not while the buffer lasts and the whole bandwidth carries it.
            (9_000_000, "1080p", 7999, "720p", .bandwidth), (9_000_000, "1080p", 8000, "1080p", .bufferLasts),
            (8_127_999, "1080p", 60_000, "720p", .bandwidth), (9_000_000, "1080p", nil, "720p", .bandwidth),
            (1_000_000, "1080p", 60_000, "480p", .lowest), (1_000_000, "480p", 60_000, "480p", .lowest),
            (2_200_000, "480p", 60_000, "480p", .lowest),
        ] as [(Int64, String, Int64?, String, Reason)])
    func `a player that plays rises with reserve and falls without`(
        bandwidth: Int64, current: String, buffer: Int64?, name: String, reason: Reason
    ) {
        let found = recommended(bandwidth, current: current, buffer: buffer)
        #expect(found?.choice.name == name && found?.reason == reason)
    }

    /// Between the two limits nothing changes in either direction.
    @Test func `a bandwidth that varies a little changes nothing`() {
        for current in ["480p", "720p", "1080p"] {
            for rate in stride(from: Int64(6_420_000), through: 7_880_000, by: 20_000) {
                let next = recommended(rate, current: current, buffer: 3000)?.choice.name
                #expect(next != "1080p")
                if let next { #expect(recommended(rate, current: next, buffer: 3000)?.choice.name == next) }
            }
        }
    }

    @Test func `what the player cannot decode is not recommended while there is something else`() {
        var choices = Self.ladder
        choices[1].codecs = "hvc1.1.6.L120.90,mp4a.40.2"
        let avc = QualityRecommendation.Situation(bandwidth: 100_000_000, codecFamilies: ["avc1", "mp4a"])
        #expect(QualityRecommendation(choices, for: avc)?.choice.name == "720p")
        let none = QualityRecommendation.Situation(bandwidth: 100_000_000, codecFamilies: ["av01"])
        #expect(QualityRecommendation(choices, for: none)?.choice.name == "1080p", "always something")
    }

    @Test func `the order of the renditions does not matter`() {
        let situation = QualityRecommendation.Situation(bandwidth: 7_000_000, current: "480p", bufferMilliseconds: 5000)
        let found = Set(
            [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map { order in
                QualityRecommendation(order.map { Self.ladder[$0] }, for: situation)
            })
        #expect(found.count == 1)
    }

    @Test func `audio alone is chosen by its rate, and nothing from nothing`() {
        let audio = [64_000, 128_000].map {
            QualityRecommendation.Choice(name: "audio-\($0)", bitRate: $0, height: nil, codecs: "mp4a.40.2")
        }
        #expect(
            QualityRecommendation(audio, for: .init(bandwidth: 100_000, heightMax: 480))?.choice.name == "audio-64000")
        #expect(QualityRecommendation(audio, for: .init(bandwidth: 1_000_000))?.choice.name == "audio-128000")
        #expect(QualityRecommendation([], for: .init(bandwidth: 1_000_000)) == nil)
    }
}
