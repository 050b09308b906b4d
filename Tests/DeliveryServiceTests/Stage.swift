import Bytes
import HTTP
import LocalBackend
import Media
import Packaging
import SQLiteBackend
import StreamingCore
import Synchronization
import TestKit

@testable import DeliveryService

/// A delivery service over embedded back ends, and a broadcaster that fills them through the real packager.
final class Stage: Sendable {
    let clock = ManualClock()
    let streams: SQLiteStreamRepository
    let stream: StreamID
    let service: DeliveryService
    let store = CountingStore()
    let reports = LocalReportLog()
    private let encoder: Mutex<AudioEncoder>
    private let timeline = LocalTimelineLog()
    private let events = LocalEventLog()

    /// - Parameter snapshots: Where others announce, and record.
    init(snapshots: (any TimelineSnapshots)? = nil) async throws {
        encoder = Mutex(try AudioEncoder())
        let database = try await SQLiteDatabase.open(at: .memory)
        streams = SQLiteStreamRepository(database)
        stream = StreamID(at: clock.now())
        let key = StreamKey(
            id: UUIDv7(at: clock.now()), streamID: stream, digest: StreamKey.digest(of: Secret("k")),
            createdAt: clock.now())
        try await streams.create(StreamingCore.Stream(id: stream, title: "Test", createdAt: clock.now()), key: key)
        service = DeliveryService(
            window: LiveWindow.Configuration(windowMilliseconds: 60_000), retentionMilliseconds: 60_000,
            streams: streams, store: store, timeline: timeline, snapshots: snapshots,
            events: events, audience: Audience(reports: reports, instance: "here"), clock: clock,
            logger: Logger(service: "test", level: .error, sink: RecordingSink()))
    }

    /// Runs the service while a test plays on it.
    func live(_ test: @Sendable (Stage) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.service.run() }
            // The service follows the timeline before anything is announced on it.
            try await eventually("the service follows the timeline") {
                try await self.timeline.append(
                    TimelineEvent.interrupted.encoded, for: StreamID(at: self.clock.now()), fence: 1)
                return self.service.knowsStreams
            }
            try await test(self)
            group.cancelAll()
        }
    }

    /// A broadcast of audio alone.
    func broadcast(seconds: Int) async throws {
        try await begin()
        try await play(frames: seconds * 48_000 / 1024)
    }

    /// Begins a broadcast.
    func begin() async throws {
        let origin = BroadcastOrigin(
            unixMilliseconds: clock.now().unixMilliseconds, firstSegmentNumber: 100, firstDiscontinuitySequence: 0)
        try await carryOut(encoder.withLock { $0.packager.append(.began(origin)) })
    }

    /// Begins another broadcast whose predecessor was never ended: its transcoder is gone.
    func beginAfterLoss() async throws {
        let now = clock.now().unixMilliseconds
        try await announce(
            .began(BroadcastOrigin(unixMilliseconds: now, firstSegmentNumber: 500, firstDiscontinuitySequence: 1)))
    }

    /// Goes on with a broadcast, by frames of 21 ms.
    func play(frames count: Int) async throws {
        for _ in 0..<count { try await carryOut(encoder.withLock { $0.next(at: clock.now()) }) }
    }

    /// Goes on with a broadcast until a condition holds, which is before a minute is over.
    func play(until isThere: (LiveWindow) -> Bool) async throws {
        for _ in 0..<60 * 47 {
            if isThere(window) { return }
            try await play(frames: 1)
        }
        throw NeverHappened(description: "nothing in a minute of a broadcast")
    }

    /// What viewers can be served.
    var window: LiveWindow { service.channels.find(stream)?.window ?? LiveWindow() }

    func end() async throws { try await announce(.ended) }

    func announce(_ event: TimelineEvent) async throws {
        try await timeline.append(event.encoded, for: stream, fence: 1)
    }

    func put(_ bytes: Bytes, under path: String) async throws {
        try await store.put([bytes], under: SegmentName(stream: stream, path: path))
    }

    /// Takes objects out of the store, as when it was emptied.
    func taken(_ paths: [String]) async throws -> [Bytes] {
        var taken: [Bytes] = []
        for path in paths {
            let name = SegmentName(stream: stream, path: path)
            let buffers = try await store.buffers(of: name)
            taken.append(StoredObject(kind: .part, name: path, chunks: buffers).bytes)
            await store.remove([name])
        }
        return taken
    }

    private func carryOut(_ outputs: [PackagerOutput]) async throws {
        for output in outputs {
            switch output {
            case .store(let object):
                try await store.put(object.chunks, under: SegmentName(stream: stream, path: object.name))
            case .announce(let event): try await announce(event)
            }
        }
    }

    /// An answer with its body in one piece.
    struct Answer: Sendable {
        let status: HTTPStatus
        let fields: HTTPFields
        let body: Bytes
        /// What a body that is made while it is sent was sent in.
        var writes: [Bytes] = []
        /// Whether such a body broke off.
        var isBroken = false
        var text: String { body.string }
    }

    func get(_ path: String, query: String = "", _ fields: [String: String] = [:]) async -> Answer {
        await ask(.get, path, query: query, fields)
    }

    /// - Parameter receive: Called with each piece of a body that is made while it is sent.
    func ask(
        _ method: HTTPMethod, _ path: String, query: String = "", _ fields: [String: String] = [:],
        receive: @escaping @Sendable (Bytes) async throws -> Void = { _ in }
    ) async -> Answer {
        var request = HTTPRequest(method: method, path: path.replacing("ID", with: stream.description), query: query)
        for (name, value) in fields { request.fields.append(name, value) }
        let response = await service.respond(to: request)
        var body = ByteWriter()
        var answer = Answer(status: response.status, fields: response.fields, body: Bytes())
        switch response.body {
        case .empty, .webSocket: break
        case .shared(let buffers): for buffer in buffers { body.write(buffer) }
        case .stream(_, let make):
            let viewer = ReceivedBody(receive)
            do { try await make(viewer) } catch { answer.isBroken = true }
            answer.writes = viewer.writes
            for write in answer.writes { body.write(write) }
        }
        return Answer(
            status: answer.status, fields: answer.fields, body: body.finish(), writes: answer.writes,
            isBroken: answer.isBroken)
    }
}

/// Where a body goes that is made while it is sent.
final class ReceivedBody: HTTPBodyWriter {
    private let received = Mutex<[Bytes]>([])
    private let receive: @Sendable (Bytes) async throws -> Void

    init(_ receive: @escaping @Sendable (Bytes) async throws -> Void) { self.receive = receive }

    var writes: [Bytes] { received.withLock { $0 } }

    func write(_ bytes: Bytes) async throws {
        received.withLock { $0.append(bytes) }
        try await receive(bytes)
    }
}

/// An encoder of audio and its packager.
private struct AudioEncoder {
    var packager = Packager()
    private let track: Track
    private var index: Int64 = 0

    init() throws { track = Track(.aac(try AACConfiguration(specificConfig: [0x11, 0x90]))) }

    mutating func next(at now: WallTime) -> [PackagerOutput] {
        let frame = Frame(
            track: track, decodeTime: index * 1024, isKeyframe: true, receivedUnixMilliseconds: now.unixMilliseconds,
            payload: [0x21, 0x10, UInt8(truncatingIfNeeded: index)])
        index += 1
        return packager.append(.frame(frame))
    }
}

/// A store that counts what it is asked for.
final class CountingStore: SegmentStore {
    private let store = MemorySegmentStore(bytesMax: 16 << 20)
    private let counts = Mutex<[String: Int]>([:])

    /// How often each path was asked for.
    var gets: [String: Int] { counts.withLock { $0 } }

    @discardableResult
    func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        try await store.put(buffers, under: name)
    }

    func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        counts.withLock { $0[name.path, default: 0] += 1 }
        // As slow as a store on another machine: others come meanwhile.
        await Task.yield()
        return try await store.get(name)
    }

    /// What stands under a name, without counting.
    func buffers(of name: SegmentName) async throws(StreamError) -> [Bytes] { try await store.get(name) ?? [] }

    func remove(_ names: [SegmentName]) async { await store.remove(names) }

    func removeAll(of stream: StreamID) async { await store.removeAll(of: stream) }
}

extension DeliveryService {
    /// Requests that wait, over all streams.
    var heldRequestCount: Int { channels.all.reduce(0) { $0 + $1.heldCount } }

    var knowsStreams: Bool { !channels.all.isEmpty }
}
