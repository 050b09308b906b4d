import Bytes
import DeliveryService
import HTTP
import LocalBackend
import Packaging
import SQLiteBackend
import StreamingCore

/// The delivery path of production over one stream with segments of known sizes: the same router, service, window and
/// store as `Composition` wires, so that a measured URL is one that a player would ask for.
struct DeliveryStage {
    /// A segment with the path that its URL has.
    struct Sample {
        let label: String
        let buffers: [Bytes]
        let path: String
        var byteCount: Int { buffers.reduce(0) { $0 + $1.count } }
    }

    /// What is measured, by the name that is printed.
    private static let sizes = [("1KB", 1_000), ("100KB", 100_000), ("1MB", 1_000_000)]
    /// A stored segment is as many buffers as it has parts: 7 in two seconds. One of a kilobyte is a single part.
    private static let partsPerSegment = 7

    let samples: [Sample]
    let service: DeliveryService
    let router: Router
    /// The playlist of the rendition that the samples are of.
    var playlistPath: String { "/hls/\(stream)/source/playlist.m3u8" }
    private let stream: StreamID
    private let timeline = LocalTimelineLog()

    /// - Parameter reports: Who is told who watches.
    init(reports: any ReportLog = LocalReportLog()) async throws {
        let clock = SystemWallClock()
        let stream = StreamID(at: clock.now())
        self.stream = stream
        var random = SplitMix64(state: 3)
        samples = Self.sizes.enumerated().map { index, size in
            Sample(
                label: size.0, buffers: Self.buffers(of: random.bytes(size.1)),
                path: "/hls/\(stream)/source/segment-\(index + 1).m4s")
        }
        let store = TieredSegmentStore(memoryBytesMax: 64 << 20, over: MemorySegmentStore(bytesMax: 0))
        for (index, sample) in samples.enumerated() {
            try await store.put(
                sample.buffers, under: SegmentName(stream: stream, path: "source/segment-\(index + 1).m4s"))
        }
        let database = try await SQLiteDatabase.open(at: .memory)
        let service = DeliveryService(
            window: LiveWindow.Configuration(), retentionMilliseconds: 600_000,
            streams: SQLiteStreamRepository(database), store: store, timeline: timeline, events: LocalEventLog(),
            audience: Audience(reports: reports, instance: "bench"), clock: clock,
            logger: Logger(service: "bench", level: .warning))
        var router = Router(cors: CORSPolicy(.any))
        for pattern in ["/hls/{path...}", "/dash/{path...}"] {
            router.on(.get, pattern) { request, _ in await service.respond(to: request) }
        }
        self.service = service
        self.router = router
    }

    private static func buffers(of bytes: Bytes) -> [Bytes] {
        guard bytes.count > 10_000 else { return [bytes] }
        let part = (bytes.count + partsPerSegment - 1) / partsPerSegment
        return stride(from: 0, to: bytes.count, by: part).map { start in
            // Each part is memory of its own, as the packager makes them.
            Bytes(bytes[start..<min(start + part, bytes.count)].array)
        }
    }

    /// Tells the running service of the segments, and returns when it knows them.
    func announce() async throws {
        let events = try sampleEvents(sizes: samples.map(\.byteCount))
        let probe = HTTPRequest(method: .head, path: samples[samples.count - 1].path)
        // Events that come twice change nothing, so they are sent until the service is there to hear them. Only what
        // its window lists has a date.
        while await router.respond(to: probe).fields["last-modified"] == nil {
            for event in events { try await timeline.append(event.encoded, for: stream, fence: 1) }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
