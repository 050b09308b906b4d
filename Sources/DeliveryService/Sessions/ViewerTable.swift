import StreamingCore
import Synchronization

/// The viewers of this process, looked up by fingerprint.
///
/// It is striped, so that event loops seldom meet: a lock is held for one look-up, and what follows is done under the
/// viewer's own. At most `countMax` are in it; when it is full, those that were silent longest make room with the next
/// ``timePassed(_:silence:)``, and who comes before that is not remembered.
final class ViewerTable: Sendable {
    private final class Stripe: Sendable {
        let viewers = Mutex<[UInt64: Viewer]>([:])
    }

    private static let stripeCount = 64
    private let stripes = (0..<stripeCount).map { _ in Stripe() }
    private let viewerCount = Atomic(0)
    private let openViewers = Atomic(0)
    let countMax: Int

    init(countMax: Int) { self.countMax = countMax }

    /// How many sessions are open.
    var openCount: Int { openViewers.load(ordering: .relaxed) }
    /// How many are remembered.
    var count: Int { viewerCount.load(ordering: .relaxed) }

    /// A session that was over is open again, or the other way round.
    func opened() { openViewers.add(1, ordering: .relaxed) }
    func ended() { openViewers.subtract(1, ordering: .relaxed) }

    private func stripe(_ fingerprint: UInt64) -> Stripe { stripes[Int(fingerprint & 63)] }

    func find(_ fingerprint: UInt64) -> Viewer? { stripe(fingerprint).viewers.withLock { $0[fingerprint] } }

    /// Puts a new viewer in, which is open.
    ///
    /// - Returns: Who is there now: another one when that came first, and `nil` when the table is full.
    func insert(_ viewer: Viewer, _ fingerprint: UInt64) -> (viewer: Viewer, isNew: Bool)? {
        guard count < countMax else { return nil }
        let known = stripe(fingerprint).viewers.withLock { viewers in
            if let known = viewers[fingerprint] { return known as Viewer? }
            viewers[fingerprint] = viewer
            return nil
        }
        if let known { return (known, false) }
        viewerCount.add(1, ordering: .relaxed)
        openViewers.add(1, ordering: .relaxed)
        return (viewer, true)
    }

    /// Takes a cookie from where it was offered, when it is kept.
    ///
    /// - Parameter fingerprint: Of the address that it was offered to, which is forgotten with its last cookie.
    func take(_ cookie: UInt64, offeredTo fingerprint: UInt64) -> PlaybackRecord.Offer? {
        let (offer, wasLast) = stripe(fingerprint).viewers.withLock { viewers in
            guard let viewer = viewers[fingerprint] else { return (nil as PlaybackRecord.Offer?, false) }
            let (offer, wasLast) = viewer.record.withLock { record in
                let offer = record.taken(cookie)
                return (offer, offer != nil && record.offers.isEmpty)
            }
            if wasLast { viewers[fingerprint] = nil }
            return (offer, wasLast)
        }
        if wasLast { forgotOpen() }
        return offer
    }

    /// One that was open is not in the table any more.
    private func forgotOpen() {
        viewerCount.subtract(1, ordering: .relaxed)
        openViewers.subtract(1, ordering: .relaxed)
    }

    /// Looks at everybody: ends those that are silent and forgets those that were over for long, more of them when the
    /// table is nearly full.
    ///
    /// - Parameters:
    ///   - silence: How long viewers of a stream may fetch nothing, in milliseconds.
    ///   - seen: Called for each viewer with its record, under its lock.
    ///   - forgotten: Called for each that is forgotten.
    func timePassed(
        _ now: WallTime, silence: (StreamID) -> Int64, seen: (Viewer, inout PlaybackRecord) -> Void,
        forgotten: (Viewer, PlaybackRecord) -> Void
    ) {
        // What was over for longer than this leaves. With little room left, everything that is over does.
        let memory = count > countMax / 4 * 3 ? 0 : ViewerLimits.memoryMilliseconds
        for stripe in stripes {
            for (fingerprint, viewer) in stripe.viewers.withLock({ $0 }) {
                let limit = silence(viewer.stream)
                let forgettable = viewer.record.withLock { record -> PlaybackRecord? in
                    if record.timePassed(now, silence: limit) { ended() }
                    seen(viewer, &record)
                    return record.isForgettable(at: now, memory: memory, silence: limit) ? record : nil
                }
                guard let forgettable else { continue }
                stripe.viewers.withLock { $0[fingerprint] = nil }
                if forgettable.isOpen { forgotOpen() } else { viewerCount.subtract(1, ordering: .relaxed) }
                forgotten(viewer, forgettable)
            }
        }
    }
}
