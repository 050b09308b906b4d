import Bytes
import StreamingCore
import Testing

/// What every ``StreamKeyRepository`` does.
@Suite(.timeLimit(.minutes(1))) struct StreamKeyRepositoryContract {
    @Test(arguments: RepositoryBackend.all)
    func `a key is found by its digest`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let (stream, first) = try await repositories.makeStream()
        let second = StreamKey.make(for: stream.id)
        try await repositories.keys.create(second)
        #expect(try await repositories.keys.validate(digest: first.digest) == first)
        #expect(try await repositories.keys.validate(digest: second.digest) == second)
    }

    @Test(arguments: RepositoryBackend.all, [Bytes(), [1, 2, 3], Bytes([UInt8](repeating: 7, count: 32))])
    func `an unknown digest is an invalid key`(_ backend: RepositoryBackend, digest: Bytes) async throws {
        let repositories = try await backend.open()
        try await repositories.makeStream()
        await #expect(throws: StreamError.invalidKey) { try await repositories.keys.validate(digest: digest) }
    }

    @Test(arguments: RepositoryBackend.all)
    func `a revoked key is refused for good and keeps its first time`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let keys = repositories.keys
        let (stream, key) = try await repositories.makeStream()
        let revokedAt = WallTime.noon.adding(milliseconds: 10)
        try await keys.revoke(key.id, of: stream.id, at: revokedAt)
        try await keys.revoke(key.id, of: stream.id, at: revokedAt.adding(milliseconds: 10))
        await #expect(throws: StreamError.revokedKey) { try await keys.validate(digest: key.digest) }
        var revoked = key
        revoked.revokedAt = revokedAt
        #expect(try await keys.list(of: stream.id) == [revoked])
    }

    @Test(arguments: RepositoryBackend.all)
    func `a key is revoked only under its own stream`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let (_, key) = try await repositories.makeStream()
        let (other, _) = try await repositories.makeStream()
        await #expect(throws: StreamError.notFound(what: "key \(key.id)")) {
            try await repositories.keys.revoke(key.id, of: other.id, at: .noon)
        }
        let unknown = UUIDv7(at: .noon)
        await #expect(throws: StreamError.notFound(what: "key \(unknown)")) {
            try await repositories.keys.revoke(unknown, of: key.streamID, at: .noon)
        }
        #expect(try await repositories.keys.validate(digest: key.digest) == key)
    }

    @Test(arguments: RepositoryBackend.all)
    func `keys are listed from the newest to the oldest, by stream`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let (stream, first) = try await repositories.makeStream()
        try await repositories.makeStream()
        let second = StreamKey.make(for: stream.id, at: .noon.adding(milliseconds: 1))
        let third = StreamKey.make(for: stream.id, at: .noon.adding(milliseconds: 2))
        try await repositories.keys.create(third)
        try await repositories.keys.create(second)
        #expect(try await repositories.keys.list(of: stream.id) == [third, second, first])
        #expect(try await repositories.keys.list(of: StreamID(at: .noon)) == [])
    }

    @Test(arguments: RepositoryBackend.all)
    func `a stream that is not there gets no key`(_ backend: RepositoryBackend) async throws {
        let keys = try await backend.open().keys
        let id = StreamID(at: .noon)
        await #expect(throws: StreamError.notFound(what: "stream \(id)")) { try await keys.create(.make(for: id)) }
    }

    @Test(arguments: RepositoryBackend.all)
    func `the keys that are not revoked have a maximum`(_ backend: RepositoryBackend) async throws {
        let repositories = try await backend.open()
        let keys = repositories.keys
        let (stream, first) = try await repositories.makeStream()
        for _ in 1..<StreamKeyLimits.activeKeysMax { try await keys.create(.make(for: stream.id)) }
        let failure = await #expect(throws: StreamError.self) { try await keys.create(.make(for: stream.id)) }
        guard case .overloaded = failure else {
            Issue.record("\(String(describing: failure)) instead of overloaded")
            return
        }
        try await keys.revoke(first.id, of: stream.id, at: .noon)
        try await keys.create(.make(for: stream.id))
        #expect(try await keys.list(of: stream.id).count == StreamKeyLimits.activeKeysMax + 1)
    }
}
