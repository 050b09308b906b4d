/// What a `ServerSession` is told about the server it speaks for.
public struct ServerConfiguration: Sendable, Equatable {
    /// The first segment of every publishing address.
    public var application: String
    /// How many bytes the peer may send before it hears an acknowledgement, as it is told.
    public var windowBytes: UInt32
    /// The chunk size of what the server sends, in bytes.
    public var chunkBytes: UInt32
    /// After how much silence a connected peer is asked for a sign of life, in milliseconds.
    public var pingAfterMilliseconds: Int64

    public init(
        application: String = "live", windowBytes: UInt32 = 2_500_000, chunkBytes: UInt32 = 65_536,
        pingAfterMilliseconds: Int64 = 60_000
    ) {
        self.application = application
        self.windowBytes = windowBytes
        self.chunkBytes = chunkBytes
        self.pingAfterMilliseconds = pingAfterMilliseconds
    }
}
