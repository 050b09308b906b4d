public import Bytes

/// A credential to publish on one stream. The key itself is shown once and never stored.
public struct StreamKey: Sendable, Equatable {
    public let id: UUIDv7
    public let streamID: StreamID
    /// SHA-256 of the key's text.
    public let digest: Bytes
    public let createdAt: WallTime
    /// When it was revoked; a revoked key never comes back.
    public var revokedAt: WallTime?

    public init(id: UUIDv7, streamID: StreamID, digest: Bytes, createdAt: WallTime, revokedAt: WallTime? = nil) {
        self.id = id
        self.streamID = streamID
        self.digest = digest
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}
