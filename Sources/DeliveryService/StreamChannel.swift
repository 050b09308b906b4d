import Bytes
import HTTP
import Media
import Packaging
import StreamingCore
import Synchronization

/// One stream as viewers see it: its live window, the playlists rendered from it, and the requests that wait for it.
///
/// A playlist is rendered when it is first asked for after a change, and then shared by everybody who asks.
final class StreamChannel: Sendable {
    /// What is rendered from the window.
    enum Document: Hashable {
        case master(HLSContainer)
        case media(rendition: String, HLSContainer)
        case manifest
    }

    fileprivate struct Guarded: ~Copyable {
        var window: LiveWindow
        /// Counts the changes that playlists can show.
        var version: UInt64 = 0
        var changedAt: WallTime
        var endedAt: WallTime?
        var rendered: [Document: HTTPRepresentation] = [:]
        var held = HeldRequests()
        var nextHeld: UInt64 = 0
    }

    private let guarded: Mutex<Guarded>

    init(window: LiveWindow.Configuration, at now: WallTime) {
        guarded = Mutex(Guarded(window: LiveWindow(window), changedAt: now))
    }

    /// Takes the next event of the stream's timeline.
    func apply(_ event: TimelineEvent, at now: WallTime) {
        let waiters = guarded.withLock { guarded in
            _ = guarded.window.apply(event)
            // Parts are not in the playlists yet.
            if case .part = event { return [CheckedContinuation<HeldRequests.Outcome, Never>]() }
            guarded.version += 1
            guarded.changedAt = now
            guarded.rendered = [:]
            guarded.endedAt = guarded.window.state == .ended ? now : nil
            return guarded.held.released()
        }
        for waiter in waiters { waiter.resume(returning: .changed) }
    }

    /// Whether a broadcast is on air or may come back.
    var isLive: Bool { guarded.withLock { $0.window.state == .live || $0.window.state == .interrupted } }

    /// How many requests wait.
    var heldCount: Int { guarded.withLock { $0.held.count } }

    /// When the broadcast ended, if it has.
    var endedAt: WallTime? { guarded.withLock { $0.endedAt } }

    /// What can be said about a document now.
    enum Answer {
        case ready(HTTPRepresentation)
        /// It comes with a later change; `version` is what to wait beyond.
        case notYet(version: UInt64)
        /// There is no such rendition.
        case absent
    }

    /// A playlist or manifest of the present window.
    func document(_ document: Document) -> Answer {
        guarded.withLock { guarded in
            if let known = guarded.rendered[document] { return .ready(known) }
            if let made = guarded.render(document) {
                // At most a few per rendition; names that do not exist render nothing and are not kept.
                guarded.rendered[document] = made
                return .ready(made)
            }
            if case .media = document, guarded.window.playableRun != nil { return .absent }
            return .notYet(version: guarded.version)
        }
    }

    /// When the segment of a stored name was live, in seconds since the Unix epoch; `nil` when the window has no such
    /// name.
    func lastModified(rendition: String, number: Int64) -> Int? {
        guarded.withLock { guarded in
            guard let entry = guarded.window.entry(of: number, in: rendition) else { return nil }
            return Int(guarded.window.unixMilliseconds(at: entry.segment.endTime) / 1000)
        }
    }

    /// What an MPEG-TS segment is made from: the run, and the segments of that number.
    func pieces(of number: Int64, in rendition: String) -> (run: Run, segments: [Segment])? {
        guarded.withLock { guarded in
            guard let segment = guarded.window.entry(of: number, in: rendition)?.segment, !segment.isGap,
                let run = guarded.window.run(segment.run)
            else { return nil }
            var segments = [segment]
            if segment.rendition != run.rendition(of: .audio)?.name, let audio = run.rendition(of: .audio),
                let companion = guarded.window.entry(of: number, in: audio.name)?.segment, !companion.isGap
            {
                segments.append(companion)
            }
            return (run, segments)
        }
    }

    /// Waits until the stream has changed since a version.
    func waitForChange(beyond version: UInt64, until deadline: WallTime) async -> HeldRequests.Outcome {
        let id = guarded.withLock { guarded in
            guarded.nextHeld += 1
            return guarded.nextHeld
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome: HeldRequests.Outcome? = guarded.withLock { guarded in
                    if guarded.version != version { return .changed }
                    if Task.isCancelled { return .cancelled }
                    return guarded.held.hold(id, until: deadline, continuation)
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            guarded.withLock { $0.held.cancelled(id) }?.resume(returning: .cancelled)
        }
    }

    /// Gives up the requests whose time to wait is over.
    func timePassed(_ now: WallTime) {
        for waiter in guarded.withLock({ $0.held.timePassed(now) }) { waiter.resume(returning: .timedOut) }
    }

    /// Gives up all requests, because the stream is forgotten.
    func releaseAll() {
        for waiter in guarded.withLock({ $0.held.released() }) { waiter.resume(returning: .timedOut) }
    }
}

extension StreamChannel.Guarded {
    fileprivate func render(_ document: StreamChannel.Document) -> HTTPRepresentation? {
        switch document {
        case .master(let container):
            representation(MasterPlaylist.render(window, container: container), as: MediaType.hlsPlaylist)
        case .media(let rendition, let container):
            representation(
                MediaPlaylist.render(window, rendition: rendition, container: container), as: MediaType.hlsPlaylist)
        case .manifest:
            representation(DASHManifest.render(window), as: MediaType.dashManifest)
        }
    }

    private func representation(_ bytes: Bytes?, as type: String) -> HTTPRepresentation? {
        guard let bytes, let targets = window.targets, let origin = window.origin else { return nil }
        // Half a target duration, in whole seconds as the field has it. That holds after the end too: the next
        // broadcast has the same addresses, and who got its segments from a cache and its playlist from here would see
        // nothing.
        let maxAge = max(1, targets.durationSeconds / 2)
        return HTTPRepresentation(
            body: [bytes], contentType: type, etag: EntityTag("\(origin.firstSegmentNumber)-\(version)"),
            lastModifiedUnixSeconds: Int(changedAt.unixMilliseconds / 1000),
            cacheControl: CacheControl(maxAgeSeconds: maxAge).value)
    }
}

extension LiveWindow {
    /// A listed segment by its number.
    fileprivate func entry(of number: Int64, in name: String) -> Entry? {
        guard let entries = rendition(named: name)?.entries, let first = entries.first?.segment.number,
            number >= first, number - first < Int64(entries.count)
        else { return nil }
        // Numbers within a window are consecutive, so the place of one follows from the first.
        return entries[Int(number - first)]
    }
}
