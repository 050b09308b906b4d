internal import Synchronization

/// How many connections a listener has, over all its loops, in total and per peer.
final class ConnectionCensus: Sendable {
    private struct Counts {
        var total = 0
        /// Only counted when there is a limit, and without zeros, so that it never has more entries than connections.
        var perPeer: [IPAddress: Int] = [:]
    }

    private let connectionsMax: Int
    private let connectionsPerAddressMax: Int?
    private let counts = Mutex(Counts())

    init(connectionsMax: Int, connectionsPerAddressMax: Int?) {
        self.connectionsMax = connectionsMax
        self.connectionsPerAddressMax = connectionsPerAddressMax
    }

    /// How many connections are open.
    var total: Int { counts.withLock { $0.total } }

    /// Counts a new connection, or says why it must not be.
    func enter(_ peer: IPAddress) -> NetworkEvent.Refusal? {
        counts.withLock { counts in
            guard counts.total < connectionsMax else { return .connectionsMax(connectionsMax) }
            if let connectionsPerAddressMax {
                let held = counts.perPeer[peer.peerGroup, default: 0]
                guard held < connectionsPerAddressMax else {
                    return .connectionsPerAddressMax(connectionsPerAddressMax)
                }
                counts.perPeer[peer.peerGroup] = held + 1
            }
            counts.total += 1
            return nil
        }
    }

    /// Forgets a connection that has entered.
    func leave(_ peer: IPAddress) {
        counts.withLock { counts in
            counts.total -= 1
            guard connectionsPerAddressMax != nil, let held = counts.perPeer[peer.peerGroup] else { return }
            counts.perPeer[peer.peerGroup] = held > 1 ? held - 1 : nil
        }
    }
}
