public import Bytes
public import Media

/// The durable list of streams. Every method either does all of what it says or throws and changes nothing.
public protocol StreamRepository: Sendable {
    /// Stores a new stream together with its first key.
    func create(_ stream: Stream, key: StreamKey) async throws(StreamError)

    /// - Throws: ``StreamError/notFound(what:)``.
    func get(_ id: StreamID) async throws(StreamError) -> Stream

    /// Streams from the newest id to the oldest.
    ///
    /// - Parameters:
    ///   - states: Only these; all when empty.
    ///   - before: Only ids older than this one, to page.
    ///   - limit: 1 to 1,000.
    func list(states: Set<StreamState>, before: StreamID?, limit: Int) async throws(StreamError) -> [Stream]

    /// Marks the stream `active` for a new broadcast and reserves the numbers that it starts with.
    ///
    /// - Returns: An origin whose media time zero is `time`; its numbers are above all that were returned before.
    /// - Throws: ``StreamError/notFound(what:)``.
    func beginBroadcast(_ id: StreamID, at time: WallTime) async throws(StreamError) -> BroadcastOrigin

    /// Changes the state. `ended` and `error` also set `endedAt`; `failure` is kept with `error` and cleared otherwise.
    ///
    /// - Throws: ``StreamError/notFound(what:)``.
    func setState(_ id: StreamID, to state: StreamState, failure: String?, at time: WallTime) async throws(StreamError)

    /// Remembers that the stream has used discontinuity sequences up to and including `sequence`.
    func recordDiscontinuity(_ id: StreamID, sequence: Int) async throws(StreamError)

    /// Ends every stream that a dead process left `active` or `reconnecting`, and says which.
    func endAbandoned(at time: WallTime) async throws(StreamError) -> [StreamID]

    /// Deletes the stream and its keys.
    ///
    /// - Throws: ``StreamError/notFound(what:)``.
    func delete(_ id: StreamID) async throws(StreamError)
}

/// The keys that let an encoder publish.
public protocol StreamKeyRepository: Sendable {
    /// - Throws: ``StreamError/notFound(what:)`` when the stream is not there; ``StreamError/overloaded(what:)`` when
    /// it
    ///   has ``StreamKeyLimits/activeKeysMax`` keys that are not revoked.
    func create(_ key: StreamKey) async throws(StreamError)

    /// The key with this digest.
    ///
    /// - Throws: ``StreamError/invalidKey`` or ``StreamError/revokedKey``.
    func validate(digest: Bytes) async throws(StreamError) -> StreamKey

    /// All keys of a stream, revoked ones too, the newest first.
    func list(of stream: StreamID) async throws(StreamError) -> [StreamKey]

    /// Revoking twice is harmless and keeps the first time.
    ///
    /// - Throws: ``StreamError/notFound(what:)``.
    func revoke(_ id: UUIDv7, of stream: StreamID, at time: WallTime) async throws(StreamError)
}

/// Bounds on keys.
public enum StreamKeyLimits {
    public static let activeKeysMax = 20
}
