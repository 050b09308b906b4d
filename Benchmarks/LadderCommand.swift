import Bytes
import Foundation
import LocalBackend
import Media
import Packaging
import RTMP
import StreamingCore
import TranscodeService

/// Makes the default ladder of a clip as fast as it goes, by the service of production: FLV messages to frames, frames
/// to renditions, renditions to segments in a folder. Prints how many pictures went in and what came out.
///
/// What production would do to keep up with a live source is off: the renditions stay what they are.
///
/// - Parameter policy: `copy` makes the highest rendition a copy of the source, `encode` encodes all.
func makeLadder(of path: String, policy: CopyPolicy, folder: String) async throws {
    let clock = SystemWallClock()
    let frames = ClipFrameLog(try ClipFrames(path: path, clock: clock), stream: StreamID(at: clock.now()))
    let store = WholeSegmentStore(over: try await DirectorySegmentStore.open(at: folder))
    let ladder = LadderConfiguration(
        rungs: [("1080p", 1080, 8_000_000), ("720p", 720, 5_000_000), ("480p", 480, 2_000_000)].map(Rung.init),
        copyPolicy: policy, encoder: "libx264", lagMilliseconds: .max / 4, loadMax: .infinity)
    let service = TranscodeService(
        configuration: TranscodeService.Configuration(
            packager: Packager.Configuration(), ladder: ladder, window: LiveWindow.Configuration(),
            retentionMilliseconds: 600_000, drainMilliseconds: 600_000),
        log: frames, store: store, timeline: LocalTimelineLog(), events: LocalEventLog(), clock: clock,
        logger: Logger(service: "bench", level: .warning))
    try await withThrowingTaskGroup { group in
        group.addTask { try await service.run() }
        await frames.readToItsEnd()
        group.cancelAll()
        try await group.waitForAll()
    }
    print("\(await frames.clip.pictureCount) pictures")
    for (rendition, bytes) in await store.byteCounts.sorted(by: { $0.key < $1.key }) { print(rendition, bytes) }
}

extension Rung {
    fileprivate init(_ name: String, _ height: Int, _ bitRate: Int) {
        self.init(name: name, height: height, bitRate: bitRate)
    }
}

/// The frames of a clip as ingest puts them on the log, with the repair of their timeline.
private actor ClipFrames {
    private let file: FLVFile
    private let clock: any WallClock
    private let origin: BroadcastOrigin
    private var assembler = FrameAssembler()
    private var repair: TimelineRepair
    private(set) var pictureCount = 0
    private var hasBegun = false
    private var hasEnded = false

    init(path: String, clock: any WallClock) throws {
        file = try FLVFile(path: path)
        self.clock = clock
        origin = BroadcastOrigin(
            unixMilliseconds: clock.now().unixMilliseconds, firstSegmentNumber: 1, firstDiscontinuitySequence: 0)
        repair = TimelineRepair(origin: origin)
        repair.connectionBegan()
    }

    /// The next entries, as many as a live log brings in a while; `nil` behind the last.
    func next(_ count: Int) throws -> [BroadcastEntry]? {
        guard !hasEnded else { return nil }
        var entries: [BroadcastEntry] = hasBegun ? [] : [.began(origin)]
        hasBegun = true
        while entries.count < count {
            guard let message = try file.next() else {
                hasEnded = true
                return entries + [.ended]
            }
            guard let frame = try frame(of: message) else { continue }
            if frame.track.kind == .video { pictureCount += 1 }
            entries.append(.frame(frame))
        }
        return entries
    }

    private func frame(of message: RawMessage) throws -> Frame? {
        guard !message.payload.isEmpty else { return nil }
        let received =
            switch message.type {
            case MessageType.video: try assembler.receiveVideo(message.payload, timestamp: message.timestamp)
            case MessageType.audio: try assembler.receiveAudio(message.payload, timestamp: message.timestamp)
            default: nil as EncoderFrame?
            }
        return received.flatMap { repair.receive($0, atUnixMilliseconds: clock.now().unixMilliseconds) }
    }
}

/// A log with one stream in it, whose reader gets frames whenever it has room for more.
private final class ClipFrameLog: FrameLog {
    let clip: ClipFrames
    private let stream: StreamID
    private let ends = AsyncStream<Void>.makeStream()

    init(_ clip: ClipFrames, stream: StreamID) {
        self.clip = clip
        self.stream = stream
    }

    func readToItsEnd() async { for await _ in ends.stream {} }

    func openWriter(for stream: StreamID) async throws(StreamError) -> any FrameLogWriter {
        throw .conflict(reason: "a clip is not written to")
    }

    func end(_ stream: StreamID, fence: Int64) async throws(StreamError) {}

    func follow(_ read: @escaping @Sendable (any FrameLogReader) async -> Void) async {
        await read(ClipReader(stream: stream, clip: clip))
        ends.continuation.finish()
    }
}

private struct ClipReader: FrameLogReader {
    private static let batchEntries = 8

    let stream: StreamID
    let clip: ClipFrames
    var fence: Int64 { 1 }
    var checkpoint: FrameLogCheckpoint? { nil }
    var wasTaken: Bool { false }

    func commit(_ checkpoint: FrameLogCheckpoint) {}

    func next() async -> FrameLogBatch? {
        do {
            return try await clip.next(Self.batchEntries).map { FrameLogBatch(entries: $0) }
        } catch {
            print("the clip cannot be read: \(error)")
            exit(EX_DATAERR)
        }
    }
}

/// Keeps whole segments in a folder and counts their bytes. Their parts are the same bytes, and leave with the window.
private actor WholeSegmentStore: SegmentStore {
    private let folder: DirectorySegmentStore
    /// What was kept of each rendition.
    private(set) var byteCounts: [String: Int] = [:]

    init(over folder: DirectorySegmentStore) { self.folder = folder }

    @discardableResult
    func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        let parts = name.path.split(separator: "/")
        // segment-17.m4s is whole, segment-17.3.m4s a part.
        guard parts.count == 2, parts[1].split(separator: ".").count == 2 else { return buffers }
        if parts[1].hasPrefix("segment") {
            byteCounts[String(parts[0]), default: 0] += buffers.reduce(0) { $0 + $1.count }
        }
        return try await folder.put(buffers, under: name)
    }

    func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? { try await folder.get(name) }

    func remove(_ names: [SegmentName]) async { await folder.remove(names) }

    func removeAll(of stream: StreamID) async { await folder.removeAll(of: stream) }
}
