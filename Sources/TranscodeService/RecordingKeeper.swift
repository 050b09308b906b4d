import Bytes
import Media
import Packaging
import StreamingCore

/// Sees to it that a broadcast can be played from the archive when it is over: keeps what was announced, and at the end
/// writes playlists and a manifest beside the segments.
///
/// What it knows is archived now and then, so that a worker that takes the stream over knows it too. Nobody waits for
/// the archive: while the notes of another worker are read, events wait here.
actor RecordingKeeper {
    /// Segments between two notes of what is known: ten minutes of two seconds, or half of the live window where that
    /// is less. What came since is in the snapshot of the live window.
    static let chunkSegments: Int64 = 300
    /// Names that are looked through at the end: as many segments as a recording has, in all renditions.
    static let namesMax = Recording.segmentsMax * Run.renditionsMax
    /// Events that wait while notes are read: an hour of two-second segments in five renditions. Beyond them, the notes
    /// that were not read yet are given up.
    static let waitingMax = 10_000

    private let archive: any SegmentArchive
    private let stream: StreamID
    private let windowMilliseconds: Int64
    private let logger: Logger
    private var recording = Recording()
    /// The number of the first segment that is not in a note.
    private var chunkStart: Int64?
    /// What came while the notes of the worker before this one are read; `nil` when they are not.
    private var waiting: [TimelineEvent]?
    /// A broadcast whose recording another worker has written.
    private var written: BroadcastOrigin?
    /// The writing of broadcasts that are over, one after the other: the newest must be the last to take the names that
    /// all have.
    private var writing: Task<Void, Never>?

    /// - Parameter windowMilliseconds: What the snapshot of the live window holds, at least.
    init(_ archive: any SegmentArchive, stream: StreamID, windowMilliseconds: Int64, logger: Logger) {
        self.archive = archive
        self.stream = stream
        self.windowMilliseconds = windowMilliseconds
        self.logger = logger
    }

    // MARK: Taking over

    /// Begins to learn what the workers before this one have noted of a broadcast.
    ///
    /// - Parameter events: What they have announced, as far as it is known.
    func takeOver(knowing events: [TimelineEvent]) {
        for case .began(let origin) in events {
            recording.apply(.began(origin))
            waiting = events.filter(\.isRecorded)
            // Not a child: whoever packages the stream goes on meanwhile.
            Task { await self.restore(origin) }
            return
        }
    }

    private func restore(_ origin: BroadcastOrigin) async {
        do throws(StreamError) {
            let names = try await archive.names(of: stream, countMax: Self.namesMax)
            if names.contains(RecordedBroadcast.name(origin.firstSegmentNumber)) { written = origin }
            for number in names.compactMap(Recording.chunkNumber).filter({ $0 >= origin.firstSegmentNumber }).sorted() {
                let name = SegmentName(stream: stream, path: Recording.chunkName(number))
                guard let chunk = try await archive.get(name) else { continue }
                guard waiting != nil else { return }
                // Notes of other broadcasts have other beginnings and are passed over.
                _ = try? recording.restore(StoredObject(kind: .segment, name: name.path, chunks: chunk).bytes)
            }
        } catch {
            logger.error("the beginning of the recording is lost", ["error": LogValue(error)])
        }
        takeWaiting()
    }

    private func takeWaiting() {
        guard let events = waiting else { return }
        waiting = nil
        chunkStart = recording.numbers?.upperBound
        for event in events { take(event) }
    }

    // MARK: Keeping

    func apply(_ event: TimelineEvent) {
        guard event.isRecorded else { return }
        guard waiting != nil else { return take(event) }
        waiting?.append(event)
        guard waiting?.count ?? 0 > Self.waitingMax else { return }
        logger.error("the beginning of the recording is lost", ["reason": "the archive is too slow"])
        takeWaiting()
    }

    private func take(_ event: TimelineEvent) {
        if case .began(let origin) = event, origin != recording.origin { chunkStart = nil }
        recording.apply(event)
        switch event {
        case .segment: noteIfDue()
        case .ended: finish()
        case .began, .run, .targets, .part, .thumbnail, .span, .interrupted: break
        }
    }

    private func noteIfDue() {
        guard let numbers = recording.numbers else { return }
        let start = chunkStart ?? numbers.lowerBound
        // The newest segment may not be there in all renditions.
        let end = numbers.upperBound - 1
        guard end - start >= segmentsBetweenNotes else { return }
        if let chunk = recording.chunk(start..<end) {
            archive.upload([chunk], under: SegmentName(stream: stream, path: Recording.chunkName(start)))
        }
        chunkStart = end
    }

    private var segmentsBetweenNotes: Int64 {
        let target = Int64(max(1, recording.targetSeconds ?? 1)) * 1000
        return min(max(1, windowMilliseconds / target / 2), Self.chunkSegments)
    }

    // MARK: Writing

    /// Writes the playlists, once all segments are where they are to be. Nobody waits for it.
    private func finish() {
        guard recording.origin != written else { return }
        let recording = recording
        let before = writing
        // Not a child: the broadcast is over, and whoever packaged it goes on with the next.
        writing = Task {
            await before?.value
            await self.write(recording)
        }
    }

    private func write(_ finished: Recording) async {
        var finished = finished
        await archive.finishUploads(of: stream)
        do throws(StreamError) {
            let kept = try await archive.names(of: stream, countMax: Self.namesMax)
            let missing = finished.storedNames.filter { !kept.contains($0) }
            for name in missing { finished.lose(name) }
            if !missing.isEmpty {
                logger.error("segments are missing in the recording", ["segments": LogValue(missing.count)])
            }
        } catch {
            logger.error("recording not checked", ["error": LogValue(error)])
        }
        guard let rendered = RecordingPlaylists.render(finished) else {
            logger.info("nothing to record")
            return
        }
        for document in rendered.documents {
            archive.upload([document.bytes], under: SegmentName(stream: stream, path: document.name))
        }
        // The last one, so that what is in the list can be played.
        let entry = RecordedBroadcast(rendered.outline)
        archive.upload([entry.encoded], under: SegmentName(stream: stream, path: RecordedBroadcast.name(entry.number)))
        logger.info("recording written", ["documents": LogValue(rendered.documents.count)])
    }
}

extension TimelineEvent {
    /// Whether a recording takes note of it.
    fileprivate var isRecorded: Bool {
        switch self {
        case .began, .run, .targets, .segment, .ended: true
        case .part, .thumbnail, .span, .interrupted: false
        }
    }
}

extension RecordedBroadcast {
    fileprivate init(_ outline: RecordingOutline) {
        self.init(
            number: outline.number, startedAt: WallTime(unixMilliseconds: outline.startUnixMilliseconds),
            durationMilliseconds: outline.durationMilliseconds, byteCount: outline.byteCount,
            renditions: outline.renditions.map { rendition in
                Rendition(
                    name: rendition.name, kind: rendition.kind == .video ? .video : .audio, width: rendition.width,
                    height: rendition.height, bitsPerSecond: rendition.bitsPerSecond)
            })
    }
}
