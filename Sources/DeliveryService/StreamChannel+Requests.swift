import HTTP
import Media
import Packaging
import StreamingCore
import Synchronization

// What requests ask a channel, and how they wait for the answer.

extension StreamChannel {
    /// What can be said about a document now.
    enum Answer {
        case ready(RenderedDocument)
        /// It comes with a later change; `version` is what to wait beyond.
        case notYet(version: UInt64)
        /// There is no such rendition, or it has no such document.
        case absent
    }

    /// A playlist or manifest of the present window.
    func document(_ kind: Document) -> Answer {
        let (document, version) = guarded.withLock { guarded -> (RenderedDocument?, UInt64) in
            let version = guarded.version
            guard guarded.window.playableRun != nil else { return (nil, version) }
            // Names that do not exist are not kept.
            if let name = kind.rendition, guarded.window.rendition(named: name) == nil { return (nil, version) }
            return (guarded.document(kind), version)
        }
        if let document, document.exists { return .ready(document) }
        return kind.rendition.map(isAbsent) ?? false ? .absent : .notYet(version: version)
    }

    /// Whether a rendition has no playlist and is not about to get one, while others have.
    private func isAbsent(_ rendition: String) -> Bool {
        guarded.withLock { guarded in
            guard guarded.window.playableRun != nil else { return false }
            let isComing =
                guarded.isLive && guarded.window.runs.last?.rendition(named: rendition) != nil
                && guarded.window.rendition(named: rendition)?.entries.isEmpty == true
            return !isComing
        }
    }

    /// Whether a playlist has what a query asks for.
    func decide(on place: PlaylistPlace, of rendition: String, at now: WallTime) -> BlockingReload.Decision {
        guarded.withLock {
            BlockingReload.decide(on: place, of: rendition, in: $0.window, missed: $0.segmentsMissed(at: now))
        }
    }

    /// How a part of a segment stands.
    func progress(of rendition: String, at place: PlaylistPlace, at now: WallTime) -> LiveWindow.PartProgress {
        guarded.withLock { $0.window.progress(of: rendition, at: place, missed: $0.segmentsMissed(at: now)) }
    }

    /// How a segment stands.
    func standing(of number: Int64, in rendition: String, at now: WallTime) -> LiveWindow.Standing {
        guarded.withLock { $0.window.standing(of: number, in: rendition, missed: $0.segmentsMissed(at: now)) }
    }

    /// Whether a segment was announced a moment ago, or is being made.
    func isFresh(_ number: Int64, in rendition: String) -> Bool {
        guarded.withLock { $0.isLive && $0.window.isFresh(number, in: rendition) }
    }

    /// Whether there is no media under a segment's number, nor will there be.
    func isGap(_ number: Int64, in rendition: String) -> Bool {
        guarded.withLock { $0.window.isGap(number, in: rendition) }
    }

    /// When the segment of a stored name was live, in seconds since the Unix epoch; `nil` when the window has no such
    /// name.
    func lastModified(rendition: String, number: Int64) -> Int? {
        guarded.withLock { guarded in
            guard let entry = guarded.window.entry(of: number, in: rendition) else { return nil }
            return Int(guarded.window.unixMilliseconds(at: entry.segment.endTime) / 1000)
        }
    }

    /// How long media that is about to come is waited for, in milliseconds.
    var mediaHoldMilliseconds: Int64 {
        guarded.withLock { guarded in
            guarded.window.targets.map { Int64($0.durationSeconds) * 1000 * DeliveryLimits.mediaHoldTargets }
                ?? DeliveryLimits.holdMilliseconds
        }
    }

    /// How long caches may keep the news that a rendition is not there, in seconds (RFC 8216bis, B.1).
    ///
    /// - Parameter isBlocking: Whether the request was for a place in its playlist.
    func absenceSeconds(isBlocking: Bool) -> Int {
        guarded.withLock { ($0.window.targets?.durationSeconds ?? 1) * (isBlocking ? 4 : 1) }
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

    // MARK: - Waiting

    /// Waits until the stream, which has nothing to play, has changed since a version.
    func waitForChange(beyond version: UInt64, until deadline: WallTime) async -> Outcome {
        await wait { guarded, id, waiter in
            if guarded.version != version { return .came(nil) }
            let isHeld = guarded.starting.hold(id, for: .somethingToPlay, until: deadline, waiter)
            return isHeld ? nil : .refused
        } cancelled: { guarded, id in
            guarded.starting.cancelled(id)
        }
    }

    /// Waits until a rendition has something, or will never have it.
    func wait(for wish: Wish, of rendition: String, until deadline: WallTime) async -> Outcome {
        await wait { guarded, id, waiter in
            guard guarded.window.rendition(named: rendition) != nil else { return .came(nil) }
            if guarded.isTrue(wish, of: rendition) {
                guard case .playlist(_, let kind, _) = wish else { return .came(nil) }
                return .came(guarded.document(kind))
            }
            // Taken out, so that the requests that wait already are not copied.
            var held =
                guarded.held.removeValue(forKey: rendition)
                ?? HeldRequests(countMax: DeliveryLimits.heldRequestsPerRenditionMax)
            let isHeld = held.hold(id, for: wish, until: deadline, waiter)
            guarded.held[rendition] = held
            return isHeld ? nil : .refused
        } cancelled: { guarded, id in
            guarded.held[rendition]?.cancelled(id)
        }
    }

    /// - Parameters:
    ///   - hold: Holds the request under an id, or says what to answer at once.
    ///   - cancelled: Takes it out again.
    private func wait(
        _ hold: (inout Guarded, UInt64, Waiter) -> Outcome?,
        cancelled: @escaping @Sendable (inout Guarded, UInt64) -> Waiter?
    ) async -> Outcome {
        let id = nextHeld.add(1, ordering: .relaxed).newValue
        let stopwatch = Stopwatch()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome = guarded.withLock { guarded in
                    Task.isCancelled ? .cancelled : hold(&guarded, id, continuation)
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            guarded.withLock { cancelled(&$0, id) }?.resume(returning: .cancelled)
        }
        metrics.waited(stopwatch, outcome, changeAt: newestChange.load(ordering: .relaxed))
        return outcome
    }
}
