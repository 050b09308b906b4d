import StreamingCore
import Testing

/// What every ``ViewerSessionRepository`` does.
@Suite(.timeLimit(.minutes(2))) struct ViewerSessionRepositoryContract {
    /// A session that was told at a time, in seconds since noon.
    private func session(
        _ token: String = "a", of stream: StreamID, from start: Int64 = 0, seen: Int64, ended: Int64? = nil,
        rendition: String? = "720p", totals: ViewerTotals = ViewerTotals()
    ) -> ViewerSession {
        ViewerSession(
            id: ViewerSessionID(stream: stream, token: token), streamID: stream, streamingProtocol: .hls,
            startedAt: .noon(start), lastSeenAt: .noon(seen), endedAt: ended.map { .noon($0) }, rendition: rendition,
            totals: totals)
    }

    private func all(_ repositories: Repositories, of stream: StreamID) async throws -> [ViewerSession] {
        try await repositories.sessions.list(of: stream, isOpen: nil, before: nil, limit: 1000)
    }

    @Test(arguments: RepositoryBackend.all)
    func `sessions come back as they were told`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        let full = ViewerSession(
            id: ViewerSessionID(stream: stream, token: "full"), streamID: stream, streamingProtocol: .dash,
            startedAt: .noon.adding(milliseconds: 1), lastSeenAt: .noon.adding(milliseconds: 20_002),
            endedAt: .noon.adding(milliseconds: 30_003), rendition: "1080p",
            totals: ViewerTotals(
                bytesSent: .max, qualitySwitches: 4, stalls: 5, stalledMilliseconds: 6, startupMilliseconds: 7))
        let new = ViewerSession(
            id: ViewerSessionID(stream: stream, token: "new"), streamID: stream, streamingProtocol: .hls,
            startedAt: .noon)
        try await repositories.sessions.record([])
        try await repositories.sessions.record([new, full])
        #expect(try await all(repositories, of: stream) == [full, new])
        try await repositories.sessions.record([full, new])
        #expect(try await all(repositories, of: stream) == [full, new])
    }

    @Test(arguments: RepositoryBackend.all)
    func `of several tellings the earliest start, the latest state and the highest sums stay`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        let first = session(
            of: stream, from: 10, seen: 40, rendition: "1080p",
            totals: ViewerTotals(bytesSent: 100, qualitySwitches: 1, stalls: 3, stalledMilliseconds: 900))
        let second = session(
            of: stream, from: 5, seen: 30, rendition: "480p",
            totals: ViewerTotals(
                bytesSent: 50, qualitySwitches: 2, stalls: 2, stalledMilliseconds: 950, startupMilliseconds: 8))
        try await repositories.sessions.record([first])
        try await repositories.sessions.record([second])
        let expected = session(
            of: stream, from: 5, seen: 40, rendition: "1080p",
            totals: ViewerTotals(
                bytesSent: 100, qualitySwitches: 2, stalls: 3, stalledMilliseconds: 950, startupMilliseconds: 8))
        #expect(try await all(repositories, of: stream) == [expected])
        try await repositories.sessions.record([session(of: stream, from: 5, seen: 50, rendition: nil)])
        #expect(try await all(repositories, of: stream).first?.rendition == "1080p")
        try await repositories.sessions.record([session(of: stream, from: 5, seen: 60, rendition: "z\0")])
        #expect(try await all(repositories, of: stream).first?.rendition == "1080p")
    }

    @Test(arguments: RepositoryBackend.all)
    func `a session ends, opens again when it is seen later, and late tellings change neither`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        func end(afterTelling told: ViewerSession) async throws -> WallTime? {
            try await repositories.sessions.record([told])
            return try #require(try await all(repositories, of: stream).first).endedAt
        }
        #expect(try await end(afterTelling: session(of: stream, seen: 10)) == nil)
        #expect(try await end(afterTelling: session(of: stream, seen: 20, ended: 26)) == .noon(26))
        #expect(try await end(afterTelling: session(of: stream, seen: 15)) == .noon(26))
        #expect(try await end(afterTelling: session(of: stream, seen: 26)) == .noon(26))
        #expect(try await end(afterTelling: session(of: stream, seen: 27)) == nil)
        #expect(try await end(afterTelling: session(of: stream, seen: 20, ended: 26)) == nil)
        #expect(try await end(afterTelling: session(of: stream, seen: 30, ended: 29)) == .noon(30))
        #expect(try await end(afterTelling: session(of: stream, seen: 30)) == .noon(30))
    }

    @Test(arguments: RepositoryBackend.all)
    func `in whatever order tellings come, they make the same sessions`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        var random = SeededGenerator(seed: 7)
        for _ in 0..<10 {
            let tellings = (0..<12).map { turn in
                let seen = Int64.random(in: 20..<60, using: &random)
                let start = Int64.random(in: 0..<20, using: &random)
                let ended = Bool.random(using: &random) ? seen + .random(in: -3..<9, using: &random) : nil
                let totals = ViewerTotals(
                    bytesSent: .random(in: 0..<100, using: &random),
                    startupMilliseconds: Bool.random(using: &random) ? seen : nil)
                return { stream in
                    session(
                        "viewer \(turn % 2)", of: stream, from: start, seen: seen, ended: ended, rendition: "r\(seen)",
                        totals: totals)
                }
            }
            var results: Set<[String]> = []
            for _ in 0..<4 {
                let stream = try await repositories.makeStream().stream.id
                for telling in tellings.shuffled(using: &random) {
                    try await repositories.sessions.record([telling(stream)])
                }
                results.insert(
                    try await all(repositories, of: stream).map {
                        "\($0.startedAt) \($0.lastSeenAt) \(String(describing: $0.endedAt)) "
                            + "\($0.rendition ?? "") \($0.totals)"
                    }.sorted())
            }
            #expect(results.count == 1)
        }
    }

    @Test(arguments: RepositoryBackend.all)
    func `sessions of streams that are not there are left out, the others stored`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        let unknown = StreamID(at: .noon)
        try await repositories.sessions.record([session(of: unknown, seen: 1), session(of: stream, seen: 1)])
        #expect(try await all(repositories, of: unknown) == [])
        #expect(try await all(repositories, of: stream).count == 1)
    }

    @Test(arguments: RepositoryBackend.all)
    func `deleting a stream deletes its sessions, also while they are written`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        let other = try await repositories.makeStream().stream.id
        let told = (0..<50).map { session("\($0)", of: stream, seen: 5) } + [session(of: other, seen: 5)]
        try await withThrowingTaskGroup { group in
            for turn in 0..<12 {
                group.addTask { try await repositories.sessions.record(turn % 2 == 0 ? told : told.reversed()) }
            }
            group.addTask { try await repositories.streams.delete(stream) }
            try await group.waitForAll()
        }
        try await repositories.sessions.record(told)
        #expect(try await all(repositories, of: stream) == [])
        #expect(try await all(repositories, of: other).count == 1)
    }

    @Test(arguments: RepositoryBackend.all)
    func `lists go from the last start to the first and by id, in pages, open or ended`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        let other = try await repositories.makeStream().stream.id
        // Three begin at a time, so that ids decide.
        let told = (0..<30).map { number in
            session(
                "\(number)", of: stream, from: Int64(number / 3), seen: 100, ended: number % 4 == 0 ? 101 : nil)
        }
        try await repositories.sessions.record(told + [session(of: other, seen: 4)])
        let ordered = told.sorted {
            ($1.startedAt.unixMilliseconds, $1.id.high, $1.id.low)
                < ($0.startedAt.unixMilliseconds, $0.id.high, $0.id.low)
        }
        for isOpen in [nil, true, false] {
            let expected = ordered.filter { isOpen == nil || ($0.endedAt == nil) == isOpen }
            var found: [ViewerSession] = []
            while true {
                let page = try await repositories.sessions.list(
                    of: stream, isOpen: isOpen,
                    before: found.last.map { ViewerSessionCursor(startedAt: $0.startedAt, id: $0.id) }, limit: 4)
                guard !page.isEmpty else { break }
                found += page
            }
            #expect(found == expected)
        }
    }

    @Test(arguments: RepositoryBackend.all)
    func `a summary adds up those that began in its time`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        func summary(_ from: Int64, _ to: Int64) async throws -> AudienceSummary {
            try await repositories.sessions.summary(of: stream, from: .noon(from), to: .noon(to))
        }
        #expect(try await summary(0, 100) == AudienceSummary())
        func totals(_ number: Int64, startup: Int64?) -> ViewerTotals {
            ViewerTotals(
                bytesSent: number, qualitySwitches: number + 1, stalls: number + 2, stalledMilliseconds: number + 3,
                startupMilliseconds: startup)
        }
        try await repositories.sessions.record([
            session("a", of: stream, from: 0, seen: 10, ended: 12, totals: totals(10, startup: 100)),
            session("b", of: stream, from: 5, seen: 25, totals: totals(100, startup: 203)),
            session("c", of: stream, from: 9, seen: 10, totals: totals(1000, startup: nil)),
            session("d", of: stream, from: 10, seen: 10, totals: totals(.max - 3, startup: 5)),
        ])
        let expected = AudienceSummary(
            sessions: 3, watchedMilliseconds: 33_000,
            totals: ViewerTotals(
                bytesSent: 1110, qualitySwitches: 1113, stalls: 1116, stalledMilliseconds: 1119,
                startupMilliseconds: 152))
        #expect(try await summary(0, 10) == expected)
        #expect(try await summary(0, 11).totals.bytesSent == .max)
        #expect(try await summary(10, 10) == AudienceSummary())
    }

    @Test(arguments: RepositoryBackend.all)
    func `the silent are ended when they were last seen, however many they are`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        let silent = (0..<AudienceLimits.rowsAtOnceMax + 1).map { session("\($0)", of: stream, from: 1, seen: 59) }
        let others = [
            session("open", of: stream, from: 3, seen: 60), session("over", of: stream, from: 2, seen: 9, ended: 70),
        ]
        for start in stride(from: 0, to: silent.count, by: AudienceLimits.sessionsPerWriteMax) {
            try await repositories.sessions.record(
                Array(silent[start..<min(silent.count, start + AudienceLimits.sessionsPerWriteMax)]))
        }
        try await repositories.sessions.record(others)
        #expect(try await repositories.sessions.endSilent(since: .noon(60)) == silent.count)
        #expect(try await repositories.sessions.endSilent(since: .noon(60)) == 0)
        let found = try await all(repositories, of: stream)
        #expect(Array(found.prefix(2)) == others)
        #expect(found.dropFirst(2).allSatisfy { $0.endedAt == .noon(59) })
        #expect(try await repositories.sessions.list(of: stream, isOpen: true, before: nil, limit: 9).count == 1)
    }

    @Test(arguments: RepositoryBackend.all)
    func `several write the same sessions at once`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = try await repositories.makeStream().stream.id
        try await withThrowingTaskGroup { group in
            for turn in 0..<8 {
                let told = (0..<300).map { session("\($0)", of: stream, seen: Int64(turn)) }.shuffled()
                group.addTask { try await repositories.sessions.record(told) }
            }
            try await group.waitForAll()
        }
        let found = try await all(repositories, of: stream)
        #expect(found.count == 300)
        #expect(found.allSatisfy { $0.lastSeenAt == .noon(7) })
    }
}

extension WallTime {
    /// Seconds after noon.
    static func noon(_ seconds: Int64) -> WallTime { noon.adding(milliseconds: seconds * 1000) }
}

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let mixed = (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        return mixed ^ (mixed >> 33)
    }
}
