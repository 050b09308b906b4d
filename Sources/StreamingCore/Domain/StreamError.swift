/// What can go wrong with a stream, for callers that must tell the cases apart.
public enum StreamError: Error, Sendable, Equatable {
    /// No such key.
    case invalidKey
    /// The key was valid once.
    case revokedKey
    /// No such thing; `what` is the kind and its id, for example `stream 0190…`.
    case notFound(what: String)
    /// A value that cannot be accepted; `field` names it.
    case invalidValue(field: String, reason: String)
    /// The action does not fit the state that the stream is in.
    case conflict(reason: String)
    /// A connection to a peer or a back end failed.
    case network(reason: String)
    /// An encoder, a decoder or the packager failed.
    case transcoding(reason: String)
    /// The database failed; nothing was changed.
    case database(reason: String)
    /// A bounded resource is used up; `what` names the bound.
    case overloaded(what: String)
}
