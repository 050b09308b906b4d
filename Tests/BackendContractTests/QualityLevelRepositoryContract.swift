import StreamingCore
import Testing

/// What every ``QualityLevelRepository`` does.
@Suite(.timeLimit(.minutes(1))) struct QualityLevelRepositoryContract {
    private let three: QualityLadder
    private let one: QualityLadder

    init() throws {
        three = try QualityLadder([
            QualityLevel(name: "1080p", height: 1080, videoBitsPerSecond: 8_000_000),
            QualityLevel(name: "720p", height: 720, videoBitsPerSecond: 5_000_000, isEnabled: false),
            QualityLevel(name: "small_1-b", height: 480, videoBitsPerSecond: 2_000_000, frameRateMax: 30),
        ])
        one = try QualityLadder([QualityLevel(name: "720p", height: 720, videoBitsPerSecond: 4_000_000)])
    }

    @Test(arguments: RepositoryBackend.all)
    func `nothing is stored at first`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        #expect(try await repositories.qualityLevels.list() == .sourceAlone)
        #expect(try await repositories.qualityLevels.ladder(orElse: one) == one)
    }

    @Test(arguments: RepositoryBackend.all)
    func `levels come back as they were, the highest first`(_ backend: RepositoryBackend) async throws {
        let levels = try await backend.open().qualityLevels
        try await levels.replaceAll(with: three)
        #expect(try await levels.list() == three)
        #expect(try await levels.ladder(orElse: one) == three)
    }

    @Test(arguments: RepositoryBackend.all)
    func `a ladder takes the place of the one before, and none makes room again`(
        _ backend: RepositoryBackend
    ) async throws {
        let levels = try await backend.open().qualityLevels
        try await levels.replaceAll(with: three)
        try await levels.replaceAll(with: one)
        #expect(try await levels.list() == one)
        try await levels.replaceAll(with: .sourceAlone)
        #expect(try await levels.list() == .sourceAlone)
        try await levels.replaceAll(with: three)
        #expect(try await levels.list() == three)
    }

    @Test(arguments: RepositoryBackend.all)
    func `who reads while ladders are stored sees one of them whole`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let levels = repositories.qualityLevels
        try await levels.replaceAll(with: one)
        try await withThrowingTaskGroup { group in
            for turn in 0..<20 {
                let next = turn.isMultiple(of: 2) ? three : one
                group.addTask { try await levels.replaceAll(with: next) }
                group.addTask {
                    let seen = try await levels.list()
                    #expect(seen == three || seen == one)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: RepositoryBackend.all)
    func `the greatest ladder and its extremes fit`(_ backend: RepositoryBackend) async throws {
        let levels = try await backend.open().qualityLevels
        let greatest = try QualityLadder(
            (0..<QualityLadder.levelsMax).map { index in
                QualityLevel(
                    name: String(repeating: "n", count: QualityLevel.nameCharactersMax - 1) + String(index),
                    height: QualityLevel.heights.upperBound - 2 * index,
                    videoBitsPerSecond: QualityLevel.bitRates.upperBound - index,
                    frameRateMax: index.isMultiple(of: 2) ? QualityLevel.frameRates.upperBound : nil)
            })
        try await levels.replaceAll(with: greatest)
        #expect(try await levels.list() == greatest)
    }
}
