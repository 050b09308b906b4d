import StreamingCore
import Synchronization

/// Which session the requests without a name are of, by the address that they come from, where named ones do too.
///
/// A page names its session in the playlist's address, and what the playlist leads to has the same address for
/// everybody: segments that come without a name from where a playlist was fetched with one are for that player. Where
/// several share an address, it is the one that fetched a playlist last.
final class ViewerAliases: Sendable {
    private struct Alias {
        let viewer: Viewer
        var at: WallTime
    }

    /// Addresses that are remembered; beyond, none is added until some have not been used for a while.
    static let countMax = 20_000
    /// How long an address stands for a session after its last playlist, in milliseconds.
    static let memoryMilliseconds: Int64 = 60_000

    private let aliases = Mutex<[UInt64: Alias]>([:])
    /// So that nobody takes the lock where no session is named.
    private let isUsed = Atomic(false)

    func named(_ viewer: Viewer, at address: UInt64, now: WallTime) {
        aliases.withLock { aliases in
            if aliases[address] == nil, aliases.count >= Self.countMax { return }
            aliases[address] = Alias(viewer: viewer, at: now)
        }
        isUsed.store(true, ordering: .relaxed)
    }

    /// Somebody without a name fetched a playlist at an address.
    func returned(_ viewer: Viewer, at address: UInt64, now: WallTime) {
        guard isUsed.load(ordering: .relaxed) else { return }
        aliases.withLock { aliases in
            // Where nobody has a name, the address alone says who it is.
            if aliases[address] != nil { aliases[address] = Alias(viewer: viewer, at: now) }
        }
    }

    func find(_ address: UInt64, now: WallTime) -> Viewer? {
        guard isUsed.load(ordering: .relaxed) else { return nil }
        guard let alias = aliases.withLock({ $0[address] }) else { return nil }
        return alias.at.adding(milliseconds: Self.memoryMilliseconds) > now ? alias.viewer : nil
    }

    func timePassed(_ now: WallTime) {
        guard isUsed.load(ordering: .relaxed) else { return }
        let isEmpty = aliases.withLock { aliases in
            aliases = aliases.filter { $0.value.at.adding(milliseconds: Self.memoryMilliseconds) > now }
            return aliases.isEmpty
        }
        // Somebody may be named at this moment: he is found from his next playlist on.
        if isEmpty { isUsed.store(false, ordering: .relaxed) }
    }
}
