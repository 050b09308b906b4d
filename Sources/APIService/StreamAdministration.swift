public import StreamingCore

/// What an administrator can do with streams and keys, whatever the way in.
public struct StreamAdministration: Sendable {
    /// A key and, this once, its text.
    public struct IssuedKey: Sendable {
        public let key: StreamKey
        public let text: Secret
    }

    let streams: any StreamRepository
    private let keys: any StreamKeyRepository
    private let events: any EventLog
    private let clock: any WallClock

    public init(
        streams: any StreamRepository, keys: any StreamKeyRepository, events: any EventLog,
        clock: any WallClock = SystemWallClock()
    ) {
        self.streams = streams
        self.keys = keys
        self.events = events
        self.clock = clock
    }

    /// Makes a stream with a first key.
    ///
    /// - Parameter keyText: The key; `nil` has one made. There can be no two with the same text.
    public func createStream(
        title: StreamTitle, keyText: Secret? = nil
    ) async throws(StreamError) -> (stream: Stream, issued: IssuedKey) {
        let now = clock.now()
        let stream = Stream(id: StreamID(at: now), title: title.text, createdAt: now)
        let issued = issueKey(for: stream.id, at: now, text: keyText)
        try await streams.create(stream, key: issued.key)
        return (stream, issued)
    }

    /// Makes a stream when there is none at all, so that a fresh installation has one to publish on.
    ///
    /// - Returns: `nil` when there is a stream.
    public func createFirstStreamIfNone(
        title: StreamTitle
    ) async throws(StreamError) -> (stream: Stream, issued: IssuedKey)? {
        guard try await streams.list(states: [], before: nil, limit: 1).isEmpty else { return nil }
        return try await createStream(title: title)
    }

    public func stream(_ id: StreamID) async throws(StreamError) -> Stream { try await streams.get(id) }

    /// Streams from the newest to the oldest.
    ///
    /// - Parameter limit: 1 to 999.
    /// - Returns: At most `limit` streams, and whether there are older ones.
    public func streams(
        states: Set<StreamState>, before: StreamID?, limit: Int
    ) async throws(StreamError) -> (page: [Stream], hasMore: Bool) {
        let found = try await streams.list(states: states, before: before, limit: limit + 1)
        return (Array(found.prefix(limit)), found.count > limit)
    }

    /// Deletes a stream and its keys, and announces it, so that whoever publishes on it is cut off.
    ///
    /// It is announced also when the stream is gone already: an announcement that failed is made up for by asking
    /// again.
    public func deleteStream(_ id: StreamID) async throws(StreamError) {
        var missing: StreamError?
        do throws(StreamError) {
            try await streams.delete(id)
        } catch {
            guard case .notFound = error else { throw error }
            missing = error
        }
        try await events.append(StreamEvent(streamID: id, at: clock.now(), kind: .deleted))
        if let missing { throw missing }
    }

    /// Makes one more key for a stream.
    ///
    /// - Parameter keyText: The key; `nil` has one made. There can be no two with the same text.
    public func createKey(for stream: StreamID, keyText: Secret? = nil) async throws(StreamError) -> IssuedKey {
        let issued = issueKey(for: stream, at: clock.now(), text: keyText)
        try await keys.create(issued.key)
        return issued
    }

    /// The keys of a stream, the newest first.
    ///
    /// - Throws: ``StreamError/notFound(what:)`` when there is no such stream.
    public func keys(of stream: StreamID) async throws(StreamError) -> [StreamKey] {
        _ = try await streams.get(stream)
        return try await keys.list(of: stream)
    }

    /// Revokes a key and announces it, so that whoever publishes with it is cut off.
    public func revokeKey(_ id: UUIDv7, of stream: StreamID) async throws(StreamError) {
        let now = clock.now()
        try await keys.revoke(id, of: stream, at: now)
        try await events.append(StreamEvent(streamID: stream, at: now, kind: .keyRevoked(keyID: id)))
    }

    /// The key with this text; `nil` when there is none.
    ///
    /// - Throws: ``StreamError/revokedKey`` when it does not count any more.
    func key(with text: Secret) async throws(StreamError) -> IssuedKey? {
        do throws(StreamError) {
            return IssuedKey(key: try await keys.validate(digest: StreamKey.digest(of: text)), text: text)
        } catch .invalidKey {
            return nil
        }
    }

    private func issueKey(for stream: StreamID, at now: WallTime, text: Secret?) -> IssuedKey {
        let text = text ?? StreamKey.makeText()
        let key = StreamKey(
            id: UUIDv7(at: now), streamID: stream, digest: StreamKey.digest(of: text), createdAt: now)
        return IssuedKey(key: key, text: text)
    }
}
