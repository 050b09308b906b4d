/// What this module accepts of RTMP at most; everything above costs the peer its connection.
public enum RTMPLimits {
    /// One audio, video or aggregate message, in bytes. Keyframes of 4K streams pass 1 MiB.
    public static let mediaMessageBytesMax = 10 << 20
    /// One message of any other type, in bytes.
    public static let commandMessageBytesMax = 256 << 10
    /// All unfinished messages of a connection together, in bytes.
    public static let partialMessageBytesMax = 16 << 20
    /// Chunk streams of a connection, counted and not by their ids: encoders use a handful, with ids up to 319.
    public static let chunkStreamsMax = 64
    /// What is reserved when a message begins; more only as its bytes arrive.
    public static let initialMessageBytesMax = 64 << 10
    /// How deep AMF values may nest.
    public static let amfDepthMax = 16
    /// How many values one AMF message may hold, references counted by what they stand for.
    public static let amfElementsMax = 8192
    /// createStream calls of a connection.
    public static let messageStreamsMax = 32
    /// What waits to be sent to the peer, in bytes, between two calls of `takeOutput`.
    public static let outputBytesMax = 1 << 20
    /// Sub-messages of one aggregate message.
    public static let aggregatePartsMax = 4096
    /// Texts of the peer that are handed on (encoder names, codec names), in characters.
    public static let textCharactersMax = 128
}
