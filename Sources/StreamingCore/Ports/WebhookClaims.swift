/// Has one of several processes tell an event that all of them have heard of.
///
/// It saves receivers from most repetitions; it does not promise that there are none: a claim runs out, so that what a
/// dead process has claimed is told by another one.
public protocol WebhookClaims: Sendable {
    /// Asks for the right to tell an event to an address, for the time that one attempt may take.
    func claim(_ event: UUIDv7, for address: String, at time: WallTime) async -> WebhookClaim

    /// Remembers that it was told, or never will be.
    func settle(_ event: UUIDv7, for address: String) async
}

/// Who tells an event.
public enum WebhookClaim: Sendable, Equatable {
    /// This process, now.
    case ours
    /// Another one is at it; ask again later.
    case others
    /// It is told.
    case settled
}

/// The claims of a process that is alone, or does not know of others: all are its own.
public struct SoleSender: WebhookClaims {
    public init() {}

    public func claim(_ event: UUIDv7, for address: String, at time: WallTime) async -> WebhookClaim { .ours }

    public func settle(_ event: UUIDv7, for address: String) async {}
}
