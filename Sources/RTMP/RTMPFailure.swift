/// Why a peer cannot be understood any further; the connection is to be closed.
///
/// No case carries anything that could hold a stream key.
public enum RTMPFailure: Error, Equatable, Sendable {
    /// C0 asks for RTMPE (6 or 8), which this server does not speak.
    case encryptedHandshake(version: UInt8)
    /// C0 is no version of RTMP: most likely the peer speaks another protocol.
    case unknownVersion(UInt8)
    /// A chunk stream began with a header that leaves out what only an earlier header could say.
    case chunkStreamWithoutHeader(chunkStreamID: Int, format: UInt8)
    /// A chunk stream began a new message before its last one was complete.
    case messageInterrupted(chunkStreamID: Int, missing: Int)
    /// The connection uses more chunk streams than `RTMPLimits.chunkStreamsMax`.
    case tooManyChunkStreams(limit: Int)
    /// A message announces more bytes than its type may have.
    case messageTooLong(type: UInt8, length: Int, limit: Int)
    /// The unfinished messages of the connection hold more than `RTMPLimits.partialMessageBytesMax`.
    case tooManyPartialBytes(Int, limit: Int)
    /// SetChunkSize with zero.
    case chunkSizeZero
    /// A protocol control message is shorter than its fields.
    case controlMessageTooShort(type: UInt8, length: Int)
    /// A command does not begin with a name and a transaction id, or cannot be decoded.
    case malformedCommand(AMFFailure?)
    /// A command came before `connect`.
    case commandBeforeConnect
    /// More createStream calls than `RTMPLimits.messageStreamsMax`.
    case tooManyMessageStreams(limit: Int)
    /// The peer makes the server answer more than `RTMPLimits.outputBytesMax` in one go.
    case outputTooLong(Int, limit: Int)
    /// The server of a client session answered with an error; `code` is its status code, cut to 64 characters.
    case refused(code: String)
}
