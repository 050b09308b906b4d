import Bytes
import Packaging
import StreamingCore

/// Sees to it that a broadcast can be played from the archive when it is over: keeps what was announced, and at the end
/// writes playlists and a manifest beside the segments.
///
/// What it knows is archived now and then, so that a worker that takes the stream over knows it too.
actor RecordingKeeper {
    /// Segments between two notes of what is known: ten minutes of two seconds. What came since is in the snapshot of
    /// the live window.
    static let chunkSegments: Int64 = 300
    /// Names that are looked through at the end: as many segments as a recording has, in all renditions.
    static let namesMax = Recording.segmentsMax * Run.renditionsMax

    private let archive: any SegmentArchive
    private let stream: StreamID
    private let logger: Logger
    private var recording = Recording()
    /// The number of the first segment that is not in a note.
    private var chunkStart: Int64?

    init(_ archive: any SegmentArchive, stream: StreamID, logger: Logger) {
        self.archive = archive
        self.stream = stream
        self.logger = logger
    }

    /// Learns what the workers before this one have noted.
    func restore() async {
        do throws(StreamError) {
            let names = try await archive.names(of: stream, countMax: Self.namesMax)
            let chunks = names.compactMap(Recording.chunkNumber).sorted()
            for number in chunks {
                let name = SegmentName(stream: stream, path: Recording.chunkName(number))
                guard let chunk = try await archive.get(name) else { continue }
                // Notes of earlier broadcasts have other beginnings and are passed over.
                _ = try? recording.restore(StoredObject(kind: .segment, name: name.path, chunks: chunk).bytes)
            }
        } catch {
            logger.error("the beginning of the recording is lost", ["error": LogValue(error)])
        }
        chunkStart = recording.numbers?.upperBound
    }

    func apply(_ event: TimelineEvent) {
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
        guard end - start >= Self.chunkSegments else { return }
        if let chunk = recording.chunk(start..<end) {
            archive.upload([chunk], under: SegmentName(stream: stream, path: Recording.chunkName(start)))
        }
        chunkStart = end
    }

    /// Writes the playlists, once all segments are where they are to be. Nobody waits for it.
    private func finish() {
        let recording = recording
        // Not a child: the broadcast is over, and whoever packaged it goes on with the next.
        Task { await self.write(recording) }
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
        let documents = RecordingPlaylists.render(finished)
        for document in documents {
            archive.upload([document.bytes], under: SegmentName(stream: stream, path: document.name))
        }
        logger.info("recording written", ["documents": LogValue(documents.count)])
    }
}
