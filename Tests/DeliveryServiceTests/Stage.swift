import Bytes
import HTTP
import LocalBackend
import Media
import Packaging
import SQLiteBackend
import StreamingCore
import TestKit

@testable import DeliveryService

/// A delivery service over embedded back ends, and a broadcaster that fills them through the real packager.
final class Stage: Sendable {
    let clock = ManualClock()
    let streams: SQLiteStreamRepository
    let stream: StreamID
    let service: DeliveryService
    private let store = MemorySegmentStore(bytesMax: 16 << 20)
    private let timeline = LocalTimelineLog()
    private let events = LocalEventLog()
    private let window = LiveWindow.Configuration(windowMilliseconds: 60_000)

    init() async throws {
        let database = try await SQLiteDatabase.open(at: .memory)
        streams = SQLiteStreamRepository(database)
        stream = StreamID(at: clock.now())
        let key = StreamKey(
            id: UUIDv7(at: clock.now()), streamID: stream, digest: StreamKey.digest(of: Secret("k")),
            createdAt: clock.now())
        try await streams.create(StreamingCore.Stream(id: stream, title: "Test", createdAt: clock.now()), key: key)
        service = DeliveryService(
            window: window, retentionMilliseconds: 60_000, streams: streams, store: store, timeline: timeline,
            events: events, clock: clock, logger: Logger(service: "test", level: .error, sink: RecordingSink()))
    }

    /// Runs the service while a test plays on it.
    func live(_ test: @Sendable (Stage) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.service.run() }
            // The service follows the timeline before anything is announced on it.
            try await eventually("the service follows the timeline") {
                try await self.timeline.append(TimelineEvent.interrupted.encoded, for: StreamID(at: self.clock.now()))
                return self.service.knowsStreams
            }
            try await test(self)
            group.cancelAll()
        }
    }

    /// A broadcast of audio alone.
    func broadcast(seconds: Int) async throws {
        var packager = Packager()
        let origin = BroadcastOrigin(
            unixMilliseconds: clock.now().unixMilliseconds, firstSegmentNumber: 100, firstDiscontinuitySequence: 0)
        try await carryOut(packager.append(.began(origin)))
        let track = Track(.aac(try AACConfiguration(specificConfig: [0x11, 0x90])))
        for index in 0..<seconds * 48_000 / 1024 {
            let frame = Frame(
                track: track, decodeTime: Int64(index) * 1024, isKeyframe: true,
                receivedUnixMilliseconds: clock.now().unixMilliseconds, payload: [0x21, 0x10, UInt8(index & 0xFF)])
            try await carryOut(packager.append(.frame(frame)))
        }
    }

    func end() async throws { try await timeline.append(TimelineEvent.ended.encoded, for: stream) }

    private func carryOut(_ outputs: [PackagerOutput]) async throws {
        for output in outputs {
            switch output {
            case .store(let object):
                try await store.put(object.chunks, under: SegmentName(stream: stream, path: object.name))
            case .announce(let event): try await timeline.append(event.encoded, for: stream)
            }
        }
    }

    /// An answer with its body in one piece.
    struct Answer: Sendable {
        let status: HTTPStatus
        let fields: HTTPFields
        let body: Bytes
        var text: String { body.string }
    }

    func get(_ path: String, query: String = "", _ fields: [String: String] = [:]) async -> Answer {
        var request = HTTPRequest(method: .get, path: path.replacing("ID", with: stream.description), query: query)
        for (name, value) in fields { request.fields.append(name, value) }
        let response = await service.respond(to: request)
        var body = ByteWriter()
        if case .shared(let buffers) = response.body { for buffer in buffers { body.write(buffer) } }
        return Answer(status: response.status, fields: response.fields, body: body.finish())
    }
}

extension DeliveryService {
    /// Requests that wait, over all streams.
    var heldRequestCount: Int { channels.all.reduce(0) { $0 + $1.heldCount } }

    var knowsStreams: Bool { !channels.all.isEmpty }
}
