public import Bytes
public import StreamingCore
import Synchronization

/// Segments in a store that is near and forgets soon, over one that is far and keeps long; both are shared with other
/// processes.
///
/// A put goes near and is then offered to whoever fills the far store. A get looks near, then far. What is in neither
/// is not looked for again for a moment: near for a short one, because it may be put there at any time, far for a
/// longer one.
public final class LayeredSegmentStore: SegmentStore {
    /// How long nobody looks again near for what was not there, in milliseconds: well below the length of a part.
    public static let nearAbsenceMilliseconds: Int64 = 100
    /// How long nobody looks again far for what was not there, in milliseconds.
    public static let absenceMilliseconds: Int64 = 1000
    /// How many absent names are remembered; then all are forgotten.
    public static let absencesMax = 10_000

    private let near: any SegmentStore
    private let far: (any SegmentStore)?
    private let offer: @Sendable (SegmentName, [Bytes]) -> Void
    private let clock: any WallClock
    /// Until when names are not looked for.
    private let absences = Mutex<[SegmentName: (near: WallTime, far: WallTime)]>([:])

    /// - Parameters:
    ///   - near: Takes every put.
    ///   - far: Is asked for what is not near any more.
    ///   - offer: Takes what stands under a name, to store it far; must not wait.
    public init(
        near: any SegmentStore, far: (any SegmentStore)?, clock: any WallClock,
        offer: @escaping @Sendable (SegmentName, [Bytes]) -> Void = { _, _ in }
    ) {
        self.near = near
        self.far = far
        self.clock = clock
        self.offer = offer
    }

    @discardableResult
    public func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        do throws(StreamError) {
            let standing = try await near.put(buffers, under: name)
            absences.withLock { _ = $0.removeValue(forKey: name) }
            offer(name, standing)
            return standing
        } catch {
            // What could not be stored near can still be watched later.
            offer(name, buffers)
            throw error
        }
    }

    public func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        let now = clock.now()
        let absence = absences.withLock { $0[name] }
        if let absence, absence.near > now { return nil }
        var failure: StreamError?
        do throws(StreamError) {
            if let found = try await near.get(name) { return found }
        } catch {
            guard far != nil else { throw error }
            failure = error
        }
        var farAbsence = absence?.far ?? now
        if farAbsence <= now {
            if let found = try await far?.get(name) { return found }
            farAbsence = now.adding(milliseconds: Self.absenceMilliseconds)
        }
        // Nobody knows whether it is near.
        let nearAbsence = failure == nil ? now.adding(milliseconds: Self.nearAbsenceMilliseconds) : now
        absences.withLock { absences in
            if absences.count >= Self.absencesMax { absences = [:] }
            absences[name] = (nearAbsence, farAbsence)
        }
        if let failure { throw failure }
        return nil
    }

    /// Forgets near names only: the far store forgets by its own rules.
    public func remove(_ names: [SegmentName]) async { await near.remove(names) }

    public func retire(_ stream: StreamID) async { await near.removeAll(of: stream) }

    public func removeAll(of stream: StreamID) async {
        await near.removeAll(of: stream)
        await far?.removeAll(of: stream)
    }
}
