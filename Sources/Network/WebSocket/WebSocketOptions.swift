/// How WebSockets behave.
public struct WebSocketOptions: Sendable {
    /// How long a client may be silent before it is asked whether it is there.
    public var pingInterval = Duration.seconds(20)
    /// How many such questions in a row may stay without an answer; one interval after the last the client is gone.
    public var pingsUnansweredMax = 2
    /// How long a message of a client may take from its first byte to its last; close code 1008 beyond.
    public var messageTimeout = Duration.seconds(30)
    /// How long a client may take to confirm the goodbye.
    public var closeTimeout = Duration.seconds(2)
    /// How many frames may wait for a client that does not take them; close code 1013 beyond.
    public var framesWaitingMax = 64
    /// The same in bytes.
    public var bytesWaitingMax = 256 * 1024
    /// The kernel's send buffer in bytes, so that a client that takes nothing cannot make it grow; nil for the kernel's
    /// choice.
    public var sendBufferBytes: Int? = 64 * 1024

    public init() {}
}
