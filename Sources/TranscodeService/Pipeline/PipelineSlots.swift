import Bytes
import Codecs
import Media
import Synchronization

/// What waits in a pipeline for its renditions.
enum PipelineEntry: Sendable {
    /// The source has a new codec configuration; the renditions that may be encoded, and the name of a copy.
    case configured([PlannedRendition], copyName: String)
    /// Passes as it is.
    case control(BroadcastEntry)
    /// The encoder's own picture.
    case video(Frame)
    /// The encoder's own sound.
    case audio(Frame)
}

/// What the stages of a pipeline make of an entry.
enum PipelineOutput: Sendable {
    case picture(EncodedPicture, Track)
    case sound([Frame])
    /// A JPEG of the picture.
    case thumbnail(Bytes)
}

/// The order of the log, kept while codecs work on its entries on threads of their own.
///
/// The feeder appends entries, the stages post what they made, and the consumer takes entries out again in the order in
/// which they were appended, each once all that it waits for was posted. At most ``entriesMax`` entries are inside:
/// then the feeder waits, and the frame log behind it.
final class PipelineSlots: Sendable {
    /// An entry and its place in the frame log.
    struct Placed: Sendable {
        let entry: PipelineEntry
        let position: Int64
    }

    typealias Merge = LadderMerge<Placed, PipelineOutput>

    /// An entry with what was made of it.
    struct Merged: Sendable {
        let entry: PipelineEntry
        /// Its place in the frame log.
        let position: Int64
        /// In the order of the names of those who made it; who was abandoned has nothing here.
        let outputs: [(rung: String, outputs: [PipelineOutput])]
        /// The decision about the copy as it stands.
        let decision: CopyDecision
    }

    /// About eight seconds of 60 pictures per second with their sound.
    static let entriesMax = 900

    fileprivate struct State {
        var merge = Merge()
        var decision = CopyDecision.undecided
        /// Entries from this place on stay until it is decided whether the source is copied.
        var heldFrom: Int?
        var appended = 0
        var taken = 0
        var isClosed = false
        /// Something has changed since the consumer looked last.
        var hasNews = false
        var consumer: CheckedContinuation<Void, Never>?
        var feeder: CheckedContinuation<Void, Never>?
        /// Everybody whom an entry has waited for.
        var names: Set<String> = []
        /// The stages have stopped working: nothing waits for them any more.
        var isAbandoned = false
        var takenAt = ContinuousClock.now

        var isFull: Bool { appended - taken >= PipelineSlots.entriesMax }

        mutating func news() -> CheckedContinuation<Void, Never>? {
            hasNews = true
            return consumer.take()
        }
    }

    private let state = Mutex(State())

    // MARK: Feeder

    /// Takes an entry in; waits while the pipeline is full.
    ///
    /// - Parameter position: Its place in the frame log.
    /// - Returns: Its place here.
    func append(_ entry: PipelineEntry, at position: Int64 = 0, waitingFor rungs: Set<String> = []) async -> Int {
        await withCheckedContinuation { continuation in
            let hasRoom = state.withLock { state in
                if state.isFull { state.feeder = continuation }
                return !state.isFull
            }
            if hasRoom { continuation.resume() }
        }
        let (slot, consumer) = state.withLock { state in
            // A pause of the source is no stall.
            if state.appended == state.taken { state.takenAt = .now }
            state.appended += 1
            state.names.formUnion(rungs)
            let placed = Placed(entry: entry, position: position)
            return (state.merge.append(placed, waitingFor: state.isAbandoned ? [] : rungs), state.news())
        }
        consumer?.resume()
        return slot
    }

    /// Entries from here on wait until ``decide(_:)`` says more than `undecided`.
    func holdUntilDecided() {
        state.withLock { state in
            state.decision = .undecided
            state.heldFrom = state.heldFrom ?? state.appended
        }
    }

    func decide(_ decision: CopyDecision) {
        let consumer = state.withLock { state in
            state.decision = decision
            if decision != .undecided { state.heldFrom = nil }
            return state.news()
        }
        consumer?.resume()
    }

    /// No more entries come.
    func close() {
        let consumer = state.withLock { state in
            state.isClosed = true
            state.heldFrom = nil
            return state.news()
        }
        consumer?.resume()
    }

    // MARK: Stages

    func post(_ outputs: [PipelineOutput], of rung: String, for slot: Int) {
        let consumer = state.withLock { state in
            state.merge.post(rung, slot, outputs)
            return state.news()
        }
        consumer?.resume()
    }

    /// The stages make nothing any more: entries pass as they are from here on.
    func abandon() {
        let consumer = state.withLock { state in
            state.isAbandoned = true
            for name in state.names { state.merge.forget(name) }
            return state.news()
        }
        consumer?.resume()
    }

    /// How long the oldest entry has waited for stages, and for which, if it does.
    var stall: (duration: Duration, rungs: Set<String>)? {
        state.withLock { state in
            let rungs = state.merge.oldestWaitsFor
            return rungs.isEmpty ? nil : (ContinuousClock.now - state.takenAt, rungs)
        }
    }

    // MARK: Consumer

    /// The next entry that is complete; `nil` when all are taken and the pipeline is closed.
    func next() async -> Merged? {
        while true {
            let (merged, isOver, feeder) = state.withLock { state in state.take() }
            feeder?.resume()
            if let merged { return merged }
            if isOver { return nil }
            await withCheckedContinuation { continuation in
                let hasNews = state.withLock { state in
                    if !state.hasNews { state.consumer = continuation }
                    return state.hasNews
                }
                if hasNews { continuation.resume() }
            }
        }
    }

    /// Whether the stages were given up.
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// How many entries are inside.
    var count: Int { state.withLock { $0.appended - $0.taken } }

    var decision: CopyDecision { state.withLock { $0.decision } }
}

extension PipelineSlots.State {
    fileprivate mutating func take() -> (PipelineSlots.Merged?, isOver: Bool, CheckedContinuation<Void, Never>?) {
        hasNews = false
        if let heldFrom, taken >= heldFrom { return (nil, false, nil) }
        guard let (placed, outputs) = merge.next() else { return (nil, isClosed && taken == appended, nil) }
        taken += 1
        takenAt = .now
        let merged = PipelineSlots.Merged(
            entry: placed.entry, position: placed.position, outputs: outputs, decision: decision)
        return (merged, false, feeder.take())
    }
}
