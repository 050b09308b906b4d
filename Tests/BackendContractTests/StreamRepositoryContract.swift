import Media
import StreamingCore
import Testing

/// What every ``StreamRepository`` does.
@Suite(.timeLimit(.minutes(1))) struct StreamRepositoryContract {
    @Test(arguments: RepositoryBackend.all)
    func `a stored stream comes back as it was`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let stream = Stream(
            id: StreamID(at: .noon), title: "Ein Kanal 📺 'with quotes'; --", state: .error, createdAt: .noon,
            changedAt: .noon.adding(milliseconds: 1), startedAt: .noon.adding(milliseconds: 2),
            endedAt: .noon.adding(milliseconds: 3), failure: "no space left")
        try await repositories.streams.create(stream, key: .make(for: stream.id))
        #expect(try await repositories.streams.get(stream.id) == stream)
        let (plain, _) = try await repositories.makeStream()
        #expect(try await repositories.streams.get(plain.id) == plain)
    }

    @Test(arguments: RepositoryBackend.all)
    func `a stream and its first key are stored together or not at all`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let (_, taken) = try await repositories.makeStream()
        let stream = Stream(id: StreamID(at: .noon), title: "second", createdAt: .noon)
        let clash = StreamKey(id: UUIDv7(at: .noon), streamID: stream.id, digest: taken.digest, createdAt: .noon)
        await #expect(throws: StreamError.self) { try await repositories.streams.create(stream, key: clash) }
        await #expect(throws: StreamError.self) { try await repositories.streams.get(stream.id) }
        #expect(try await repositories.streams.list(states: [], before: nil, limit: 10).count == 1)
    }

    @Test(arguments: RepositoryBackend.all)
    func `an unknown stream is not found`(_ backend: RepositoryBackend) async throws {
        let streams = try await backend.open().streams
        let id = StreamID(at: .noon)
        let expected = StreamError.notFound(what: "stream \(id)")
        await #expect(throws: expected) { try await streams.get(id) }
        await #expect(throws: expected) { try await streams.beginBroadcast(id, at: .noon) }
        await #expect(throws: expected) { try await streams.setState(id, to: .ended, failure: nil, at: .noon) }
        await #expect(throws: expected) { try await streams.delete(id) }
        try await streams.recordDiscontinuity(id, sequence: 4)
    }

    @Test(arguments: RepositoryBackend.all)
    func `lists go from the newest to the oldest, in pages and by state`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let streams = repositories.streams
        #expect(try await streams.list(states: [], before: nil, limit: 1) == [])
        var ids: [StreamID] = []
        for index in 0..<5 {
            let time = WallTime.noon.adding(milliseconds: Int64(index))
            ids.insert(try await repositories.makeStream("stream \(index)", at: time).stream.id, at: 0)
        }
        #expect(try await streams.list(states: [], before: nil, limit: 1000).map(\.id) == ids)
        let first = try await streams.list(states: [], before: nil, limit: 2).map(\.id)
        let second = try await streams.list(states: [], before: first[1], limit: 2).map(\.id)
        let third = try await streams.list(states: [], before: second[1], limit: 2).map(\.id)
        #expect([first, second, third] == [Array(ids[0..<2]), Array(ids[2..<4]), Array(ids[4...])])
        try await streams.setState(ids[1], to: .active, failure: nil, at: .noon)
        try await streams.setState(ids[3], to: .ended, failure: nil, at: .noon)
        #expect(try await streams.list(states: [.active], before: nil, limit: 9).map(\.id) == [ids[1]])
        #expect(
            try await streams.list(states: [.ended, .active], before: nil, limit: 9).map(\.id) == [ids[1], ids[3]])
        #expect(try await streams.list(states: [.ended, .active], before: ids[1], limit: 9).map(\.id) == [ids[3]])
        #expect(
            try await streams.list(states: Set(StreamState.allCases), before: nil, limit: 9).map(\.id) == ids)
        #expect(try await streams.list(states: [.error], before: nil, limit: 9) == [])
    }

    @Test(arguments: RepositoryBackend.all)
    func `beginning a broadcast makes the stream active and its media time zero that moment`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let streams = repositories.streams
        let id = try await repositories.makeStream().stream.id
        try await streams.setState(id, to: .error, failure: "broken", at: .noon)
        let time = WallTime.noon.adding(milliseconds: 60_125)
        let origin = try await streams.beginBroadcast(id, at: time)
        #expect(origin.unixMilliseconds == time.unixMilliseconds)
        #expect(origin.firstSegmentNumber == (time.unixMilliseconds - 1_704_067_200_000) / 250)
        #expect(origin.firstDiscontinuitySequence == 0)
        let stream = try await streams.get(id)
        #expect(stream.state == .active)
        #expect(stream.changedAt == time)
        #expect(stream.startedAt == time)
        #expect(stream.endedAt == nil)
        #expect(stream.failure == nil)
    }

    @Test(arguments: RepositoryBackend.all)
    func `numbers rise with every broadcast, also when the clock goes back`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let streams = repositories.streams
        let id = try await repositories.makeStream().stream.id
        let first = try await streams.beginBroadcast(id, at: .noon)
        let again = try await streams.beginBroadcast(id, at: .noon)
        #expect(again.firstSegmentNumber > first.firstSegmentNumber)
        #expect(again.firstDiscontinuitySequence > first.firstDiscontinuitySequence)
        // An hour of segments, then the clock is set back by a day.
        let hourLater = WallTime.noon.adding(milliseconds: 3_600_000)
        try await streams.setState(id, to: .ended, failure: nil, at: hourLater)
        let back = try await streams.beginBroadcast(id, at: .noon.adding(milliseconds: -86_400_000))
        #expect(back.firstSegmentNumber > again.firstSegmentNumber + 3600 * 4 - 2)
        let ancient = try await streams.beginBroadcast(id, at: WallTime(unixMilliseconds: 0))
        #expect(ancient.firstSegmentNumber > back.firstSegmentNumber)
        let later = try await streams.beginBroadcast(id, at: .noon.adding(milliseconds: 86_400_000))
        #expect(later.firstSegmentNumber > ancient.firstSegmentNumber)
    }

    @Test(arguments: RepositoryBackend.all)
    func `discontinuities that a broadcast used are not used by the next one`(
        _ backend: RepositoryBackend
    ) async throws {
        let repositories = try await backend.open()
        let streams = repositories.streams
        let id = try await repositories.makeStream().stream.id
        #expect(try await streams.beginBroadcast(id, at: .noon).firstDiscontinuitySequence == 0)
        try await streams.recordDiscontinuity(id, sequence: 7)
        try await streams.recordDiscontinuity(id, sequence: 5)
        #expect(try await streams.beginBroadcast(id, at: .noon).firstDiscontinuitySequence == 8)
        #expect(try await streams.beginBroadcast(id, at: .noon).firstDiscontinuitySequence == 9)
    }

    @Test(arguments: RepositoryBackend.all)
    func `concurrent beginnings never get the same numbers`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let id = try await repositories.makeStream().stream.id
        let origins = try await withThrowingTaskGroup { group in
            for _ in 0..<20 {
                group.addTask { try await repositories.streams.beginBroadcast(id, at: .noon) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(origins.map(\.firstSegmentNumber)).count == 20)
        #expect(Set(origins.map(\.firstDiscontinuitySequence)).count == 20)
    }

    @Test(arguments: RepositoryBackend.all)
    func `a state sets the times and the failure that belong to it`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let streams = repositories.streams
        let id = try await repositories.makeStream().stream.id
        _ = try await streams.beginBroadcast(id, at: .noon)
        func set(_ state: StreamState, failure: String? = nil, after milliseconds: Int64) async throws -> Stream {
            try await streams.setState(id, to: state, failure: failure, at: .noon.adding(milliseconds: milliseconds))
            return try await streams.get(id)
        }
        let interrupted = try await set(.reconnecting, after: 10)
        #expect(interrupted.state == .reconnecting)
        #expect(interrupted.changedAt == .noon.adding(milliseconds: 10))
        #expect(interrupted.startedAt == .noon)
        #expect(interrupted.endedAt == nil)
        let same = try await set(.reconnecting, after: 15)
        #expect(same.changedAt == .noon.adding(milliseconds: 10))
        let failed = try await set(.error, failure: "disk full", after: 20)
        #expect(failed.endedAt == .noon.adding(milliseconds: 20))
        #expect(failed.failure == "disk full")
        let ended = try await set(.ended, failure: "ignored", after: 30)
        #expect(ended.endedAt == .noon.adding(milliseconds: 30))
        #expect(ended.failure == nil)
    }

    @Test(arguments: RepositoryBackend.all)
    func `what a dead process left is ended, and nothing else`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let streams = repositories.streams
        var ids: [StreamState: StreamID] = [:]
        for state in StreamState.allCases {
            let id = try await repositories.makeStream().stream.id
            try await streams.setState(id, to: state, failure: nil, at: .noon)
            ids[state] = id
        }
        let time = WallTime.noon.adding(milliseconds: 5000)
        let abandoned = try await streams.endAbandoned(at: time)
        #expect(Set(abandoned) == Set([ids[.active], ids[.reconnecting]].compactMap { $0 }))
        for (state, id) in ids {
            let stream = try await streams.get(id)
            let wasAbandoned = abandoned.contains(id)
            #expect(stream.state == (wasAbandoned ? .ended : state))
            if wasAbandoned { #expect(stream.endedAt == time && stream.changedAt == time) }
        }
        #expect(try await streams.endAbandoned(at: time) == [])
    }

    @Test(arguments: RepositoryBackend.all)
    func `deleting a stream deletes its keys`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let (stream, key) = try await repositories.makeStream()
        let (other, otherKey) = try await repositories.makeStream()
        try await repositories.streams.delete(stream.id)
        await #expect(throws: StreamError.notFound(what: "stream \(stream.id)")) {
            try await repositories.streams.get(stream.id)
        }
        await #expect(throws: StreamError.invalidKey) { try await repositories.keys.validate(digest: key.digest) }
        #expect(try await repositories.keys.list(of: stream.id) == [])
        #expect(try await repositories.streams.get(other.id) == other)
        #expect(try await repositories.keys.validate(digest: otherKey.digest) == otherKey)
    }
}
