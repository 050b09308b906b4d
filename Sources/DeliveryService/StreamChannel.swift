import HTTP
import Media
import Packaging
import StreamingCore
import Synchronization

/// One stream as viewers see it: its live window, the playlists rendered from it, and the requests that wait for it.
///
/// A playlist is rendered when it is first asked for after a change, and then shared by everybody who asks. Requests
/// wait for one rendition each, and are woken by what comes of that one.
final class StreamChannel: Sendable {
    typealias Document = RenderedDocument.Kind
    typealias Waiter = CheckedContinuation<Outcome, Never>

    /// What a request waits for.
    enum Wish: Hashable {
        /// A playlist that contains a place. The coding is what the document will be asked for in.
        case playlist(PlaylistPlace, Document, ContentCoding)
        /// A part of a segment, or that the segment ends without it.
        case part(PlaylistPlace)
    }

    /// What became of a wait.
    enum Outcome: Sendable {
        /// What was waited for is there; a playlist comes along.
        case came(RenderedDocument?)
        /// The time to wait is over.
        case timedOut
        /// Too many wait already.
        case refused
        /// The viewer has gone.
        case cancelled
    }

    /// How far a rendition has come.
    struct Edge: Equatable {
        /// The newest finished segment.
        let finished: Int64?
        /// The newest part.
        let open: PlaylistPlace?

        init(_ rendition: LiveWindow.RenditionWindow) {
            finished = rendition.entries.last?.segment.number
            open = rendition.openParts.last.map { PlaylistPlace(sequence: $0.segmentNumber, part: $0.number) }
        }
    }

    struct Guarded: ~Copyable {
        var window: LiveWindow
        var pulse = TimelinePulse()
        /// Counts the changes that the first playlist can depend on.
        var version: UInt64 = 0
        var endedAt: WallTime?
        var rendered: [Document: RenderedDocument] = [:]
        var edges: [String: Edge] = [:]
        /// Requests that wait for the stream to have something to play.
        var starting = HeldRequests<Starting, Waiter>(countMax: DeliveryLimits.heldRequestsPerStreamMax)
        /// Requests that wait for a rendition, by its name.
        var held: [String: HeldRequests<Wish, Waiter>] = [:]
    }

    /// The one wish of a request before there is something to play.
    enum Starting: Hashable { case somethingToPlay }

    let guarded: Mutex<Guarded>
    let metrics: DeliveryMetrics
    /// When the newest event came, as stopwatches count.
    let newestChange = Atomic(0)
    /// Numbers the requests that wait.
    let nextHeld = Atomic<UInt64>(0)

    init(window: LiveWindow.Configuration, metrics: DeliveryMetrics = DeliveryMetrics()) {
        self.metrics = metrics
        guarded = Mutex(Guarded(window: LiveWindow(window)))
    }

    /// Takes the next event of the stream's timeline, and wakes those who waited for it.
    ///
    /// What they get is rendered before the first of them is woken, once, and without holding up other requests.
    func apply(_ event: TimelineEvent, at now: WallTime) {
        newestChange.store(Stopwatch().beganNanoseconds, ordering: .relaxed)
        for woken in guarded.withLock({ $0.apply(event, at: now) }) {
            if let (document, coding) = woken.document {
                _ = document.representation(RenderedDocument.Form(coding: coding, caching: .satisfied))
            }
            for waiter in woken.waiters { waiter.resume(returning: .came(woken.document?.0)) }
        }
    }

    /// Takes events that make a whole window, if that has come further than ours.
    func restore(_ events: [TimelineEvent], at now: WallTime) {
        for woken in guarded.withLock({ $0.restore(events, at: now) }) {
            for waiter in woken.waiters { waiter.resume(returning: .came(nil)) }
        }
    }

    /// Whether a broadcast is on air or may come back.
    var isLive: Bool { guarded.withLock { $0.isLive } }

    /// How many requests wait.
    var heldCount: Int { guarded.withLock { $0.starting.count + $0.held.values.reduce(0) { $0 + $1.count } } }

    /// When the broadcast ended, if it has.
    var endedAt: WallTime? { guarded.withLock { $0.endedAt } }

    /// The window as it is now.
    var window: LiveWindow { guarded.withLock { $0.window } }

    /// Gives up the requests whose time to wait is over.
    func timePassed(_ now: WallTime) {
        let over = guarded.withLock { guarded in
            var over = guarded.starting.timePassed(now)
            for name in guarded.held.keys { over += guarded.held[name]?.timePassed(now) ?? [] }
            return over
        }
        for waiter in over { waiter.resume(returning: .timedOut) }
    }

    /// Gives up all requests, because the stream is forgotten.
    func releaseAll() {
        for waiter in guarded.withLock({ $0.releaseAll() }) { waiter.resume(returning: .timedOut) }
    }
}

extension StreamChannel.Guarded {
    mutating func restore(_ events: [TimelineEvent], at now: WallTime) -> [Woken] {
        var restored = LiveWindow(window.configuration)
        for event in events { _ = restored.apply(event) }
        guard window.isBehind(restored) else { return [] }
        window = restored
        version += 1
        rendered = [:]
        edges = [:]
        endedAt = window.state == .ended ? now : nil
        // They look again, and wait again where they must.
        return [Woken(waiters: releaseAll())]
    }

    /// Requests to wake, with what they asked for.
    struct Woken {
        let waiters: [StreamChannel.Waiter]
        var document: (RenderedDocument, ContentCoding)?
    }

    var isLive: Bool { window.state == .live || window.state == .interrupted }

    /// How many segments others may know that we do not.
    func segmentsMissed(at now: WallTime) -> Int64 { isLive ? pulse.segmentsMissed(at: now, window.targets) : 0 }

    mutating func apply(_ event: TimelineEvent, at now: WallTime) -> [Woken] {
        let origin = window.origin
        pulse.heard(at: now, window.targets)
        _ = window.apply(event)
        switch event {
        case .thumbnail, .span: return []
        case .part: return advance()
        case .began, .run, .targets, .segment, .interrupted, .ended: break
        }
        version += 1
        rendered = [:]
        endedAt = window.state == .ended ? now : nil
        if window.origin != origin {
            // What anybody waited for belongs to the broadcast before.
            edges = [:]
            return [Woken(waiters: releaseAll())]
        }
        let woken = window.state == .ended ? wake(window.renditions.map(\.name)) : advance()
        guard starting.count > 0, window.playableRun != nil || window.state == .ended else { return woken }
        return woken + [Woken(waiters: starting.released())]
    }

    /// Finds the renditions that have got further. It may be more than one: where the run lacks one, its playlist goes
    /// on with gaps in the place of another's parts.
    private mutating func advance() -> [Woken] {
        var changed: [String] = []
        for rendition in window.renditions {
            let edge = StreamChannel.Edge(rendition)
            guard edges[rendition.name] != edge else { continue }
            edges[rendition.name] = edge
            changed.append(rendition.name)
        }
        for document in rendered.keys where document.rendition.map(changed.contains) ?? false {
            rendered[document] = nil
        }
        return wake(changed)
    }

    private mutating func wake(_ renditions: [String]) -> [Woken] {
        var woken: [Woken] = []
        for name in renditions {
            guard var held = held[name], held.count > 0 else { continue }
            let groups = held.granted { self.isTrue($0, of: name) }
            self.held[name] = held
            for group in groups {
                switch group.wish {
                case .part: woken.append(Woken(waiters: group.waiters))
                case .playlist(_, let document, let coding):
                    woken.append(Woken(waiters: group.waiters, document: (self.document(document), coding)))
                }
            }
        }
        return woken
    }

    /// Whether a rendition has what is waited for, or will never have it.
    func isTrue(_ wish: StreamChannel.Wish, of rendition: String) -> Bool {
        switch wish {
        case .playlist(let place, _, _):
            window.contains(rendition: rendition, sequence: place.sequence, part: place.part)
        // Whoever was let in while others seemed to be far ahead stays for as long as he wanted to.
        case .part(let place):
            window.progress(of: rendition, at: place, missed: TimelinePulse.segmentsMissedMax) != .awaited
        }
    }

    /// A document of the window as it is, to be rendered by whoever asks first.
    mutating func document(_ kind: StreamChannel.Document) -> RenderedDocument {
        if let known = rendered[kind] { return known }
        let document = RenderedDocument(kind, of: window)
        rendered[kind] = document
        return document
    }

    mutating func releaseAll() -> [StreamChannel.Waiter] {
        var released = starting.released()
        for name in held.keys { released += held[name]?.released() ?? [] }
        held = [:]
        return released
    }
}
