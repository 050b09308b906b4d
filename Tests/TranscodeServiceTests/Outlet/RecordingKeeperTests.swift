import Bytes
import Media
import Packaging
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import TranscodeService

@Suite struct RecordingKeeperTests {
    private let archive = MemoryArchive()
    private let stream = StreamID(at: WallTime(unixMilliseconds: 1))
    private let earlier = AnnouncedBroadcast(first: 100)
    private let later = AnnouncedBroadcast(first: 5000)

    /// - Parameter windowSeconds: What is known of what came since the last note.
    private func keeper(windowSeconds: Int64 = 600) -> RecordingKeeper {
        RecordingKeeper(
            archive, stream: stream, windowMilliseconds: windowSeconds * 1000,
            logger: Logger(service: "test", level: .error, sink: RecordingSink()))
    }

    private func announce(_ events: [TimelineEvent], to keeper: RecordingKeeper) async {
        for event in events {
            if case .segment(let segment) = event { archive.store(segment.name, of: stream) }
            if case .run(let run) = event {
                for rendition in run.renditions { archive.store(rendition.initializationName, of: stream) }
            }
            await keeper.apply(event)
        }
    }

    private func expectRecording(of broadcast: AnnouncedBroadcast, segments: Int) async throws {
        let number = broadcast.origin.firstSegmentNumber
        try await eventually("recording \(number) is written") {
            archive.text(RecordedBroadcast.name(number)) != nil
        }
        let playlist = try #require(archive.text("audio/recording-\(number).m3u8"))
        #expect(playlist.split(separator: "\n").count { $0.hasPrefix("segment-") } == segments)
        #expect(!playlist.contains("#EXT-X-GAP") && playlist.contains("segment-\(number).m4s"))
        let listed = try RecordedBroadcast(decoding: archive.bytes(RecordedBroadcast.name(number)))
        #expect(listed.durationMilliseconds == Int64(segments) * 2000)
        #expect(listed.startedAt.unixMilliseconds == broadcast.origin.unixMilliseconds)
        #expect(listed.renditions.map(\.name) == ["audio"])
    }

    @Test func `each broadcast keeps its recording, and the last one has the names that all have`() async throws {
        let keeper = keeper()
        for broadcast in [earlier, later] {
            await announce(broadcast.beginning + broadcast.segments(0..<5) + [.ended], to: keeper)
        }
        try await expectRecording(of: earlier, segments: 5)
        try await expectRecording(of: later, segments: 5)
        #expect(archive.text("audio/playlist.m3u8") == archive.text("audio/recording-5000.m3u8"))
        #expect(archive.text("manifest.mpd") == archive.text("recording-5000.mpd"))
    }

    @Test(arguments: [20, 600])
    func `a worker that takes over knows all of the broadcast, and nothing of the one before`(window: Int) async throws
    {
        let first = keeper(windowSeconds: Int64(window))
        await announce(earlier.beginning + earlier.segments(0..<700) + [.ended], to: first)
        try await expectRecording(of: earlier, segments: 700)
        await announce(later.beginning + later.segments(0..<750), to: first)
        let second = keeper(windowSeconds: Int64(window))
        let known = later.beginning + later.segments(750 - window / 2..<750)
        await second.takeOver(knowing: known)
        await announce(later.segments(750..<760) + [.ended], to: second)
        try await expectRecording(of: later, segments: 760)
    }

    @Test func `while the archive does not answer nobody waits, and what comes is kept`() async throws {
        let first = keeper()
        await announce(later.beginning + later.segments(0..<400), to: first)
        archive.isHeld = true
        let second = keeper()
        await second.takeOver(knowing: later.beginning + later.segments(290..<400))
        await announce(later.segments(400..<410) + [.ended], to: second)
        #expect(archive.text(RecordedBroadcast.name(5000)) == nil)
        archive.isHeld = false
        try await expectRecording(of: later, segments: 410)
    }

    @Test func `when it takes too long the beginning is given up, and the rest is kept`() async throws {
        archive.isHeld = true
        let keeper = keeper()
        await keeper.takeOver(knowing: later.beginning)
        let count = Int64(RecordingKeeper.waitingMax) + 10
        await announce(later.segments(0..<Int(count)), to: keeper)
        archive.isHeld = false
        await keeper.apply(.ended)
        try await expectRecording(of: later, segments: Int(count))
    }

    @Test func `what another worker has written is left as it is`() async throws {
        let first = keeper()
        await announce(earlier.beginning + earlier.segments(0..<400) + [.ended], to: first)
        try await expectRecording(of: earlier, segments: 400)
        let written = archive.text("audio/recording-100.m3u8")
        let second = keeper(windowSeconds: 20)
        // Of a broadcast that is over, little is known any more.
        await second.takeOver(knowing: earlier.beginning + earlier.segments(390..<400) + [.ended])
        await announce(later.beginning + later.segments(0..<5) + [.ended], to: second)
        try await expectRecording(of: later, segments: 5)
        #expect(archive.text("audio/recording-100.m3u8") == written)
    }
}

/// What is announced of sound in segments of two seconds.
private struct AnnouncedBroadcast {
    let origin: BroadcastOrigin

    init(first number: Int64) {
        origin = BroadcastOrigin(
            unixMilliseconds: 1_800_000_000_000 + number * 250, firstSegmentNumber: number,
            firstDiscontinuitySequence: 0)
    }

    var beginning: [TimelineEvent] {
        guard let aac = try? AACConfiguration(specificConfig: [0x11, 0x90]) else { return [] }
        let rendition = Rendition(name: "audio", epoch: origin.firstSegmentNumber, track: Track(.aac(aac)))
        let run = Run(
            number: origin.firstSegmentNumber, discontinuitySequence: 0, ordinal: 0, startMilliseconds: 0,
            renditions: [rendition])
        return [.began(origin), .run(run), .targets(Targets(durationSeconds: 2, partMilliseconds: 334))]
    }

    func segments(_ places: Range<Int>) -> [TimelineEvent] {
        places.map { place in
            .segment(
                Segment(
                    rendition: "audio", number: origin.firstSegmentNumber + Int64(place),
                    run: origin.firstSegmentNumber, timescale: 48_000, start: Int64(place) * 96_000, duration: 96_000,
                    byteCount: 1000, frameCount: 94, partCount: 0))
        }
    }
}

/// An archive that stores at once. It can be made to wait with its answers.
private final class MemoryArchive: SegmentArchive {
    private let objects = Mutex<[String: Bytes]>([:])
    private let held = Mutex(false)

    var isHeld: Bool {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }

    func store(_ path: String, of stream: StreamID) { objects.withLock { $0[path] = [1] } }

    func bytes(_ path: String) -> Bytes { objects.withLock { $0[path] ?? Bytes() } }

    func text(_ path: String) -> String? { objects.withLock { $0[path]?.string } }

    func upload(_ buffers: [Bytes], under name: SegmentName) {
        objects.withLock { $0[name.path] = StoredObject(kind: .segment, name: name.path, chunks: buffers).bytes }
    }

    func finishUploads(of stream: StreamID) async {}

    func names(of stream: StreamID, countMax: Int) async throws(StreamError) -> Set<String> {
        while isHeld { await Task.yield() }
        return objects.withLock { Set($0.keys) }
    }

    func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        objects.withLock { $0[name.path].map { [$0] } }
    }
}
