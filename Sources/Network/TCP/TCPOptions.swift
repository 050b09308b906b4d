/// How a connection behaves.
public struct TCPConnectionOptions: Sendable {
    /// How long a `read` without a deadline of its own waits; nil for no end.
    public var readTimeout: Duration? = .seconds(30)
    /// How long a peer may take nothing of what is sent before the connection fails; nil for no end.
    public var writeTimeout: Duration? = .seconds(30)
    /// How long a closing connection waits for the peer to take the last bytes and close its side.
    public var lingerTimeout: Duration = .seconds(2)
    /// The kernel's receive buffer in bytes. nil leaves it to the kernel, which grows it with the connection's speed
    /// and delay; a fixed size bounds its memory and switches that off.
    public var receiveBufferBytes: Int?
    /// The kernel's send buffer in bytes; nil as for `receiveBufferBytes`.
    public var sendBufferBytes: Int?

    public init() {}
}

/// How a listener behaves.
public struct TCPListenerOptions: Sendable {
    /// How many connections the kernel holds for a loop that has no time to accept them.
    public var backlog = 1024
    /// How many connections may be open at once, over all loops; one more is accepted and closed at once.
    public var connectionsMax = 20_000
    /// How many of them one peer may hold (an IPv4 address, or an IPv6 /64 network); nil for no limit of its own.
    public var connectionsPerAddressMax: Int?
    /// For the connections.
    public var connection = TCPConnectionOptions()

    public init() {}
}

/// The timeouts of `TCPConnectionOptions` as plain integers, computed once per listener instead of once per read.
struct TCPTimeouts {
    let readNanoseconds: Int64
    let writeNanoseconds: Int64
    let lingerNanoseconds: Int64

    init(_ options: TCPConnectionOptions) {
        readNanoseconds = options.readTimeout.wholeNanosecondsOrNever
        writeNanoseconds = options.writeTimeout.wholeNanosecondsOrNever
        lingerNanoseconds = options.lingerTimeout.wholeNanoseconds
    }
}
