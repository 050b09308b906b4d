import Bytes
import Foundation
import HTTP
import SQLiteBackend
import StreamingCore
import Synchronization
import Testing

@testable import APIService

/// The API over a real database in memory, with a clock that stands and a log of events that remembers.
struct TestAPI {
    static let token = "a-token-that-is-long-enough"
    static let viewerToken = "a-token-to-look-with"

    let streams: any StreamRepository
    let keys: any StreamKeyRepository
    let administration: StreamAdministration
    let live: LiveStatus
    var statuses: StreamStatusBoard { live.statuses }
    let sessions: any ViewerSessionRepository
    let metrics: any StreamMetricsRepository
    let events = RecordingEventLog()
    let clock = ManualClock()
    let log = RecordingSink()
    let router: Router

    init(
        publicHost: String? = nil, checks: [HealthCheck] = [], watched: [String: Bool] = [:],
        streams: (any StreamRepository)? = nil, keys: (any StreamKeyRepository)? = nil,
        qualityLevels: (any QualityLevelRepository)? = nil, configured: QualityLadder = .sourceAlone,
        catalog: (any RecordingCatalog)? = nil, requestsPerMinute: Int? = nil, playback: PlaybackSigner? = nil
    ) async throws {
        let database = try await SQLiteDatabase.open(at: .memory)
        self.streams = streams ?? SQLiteStreamRepository(database)
        self.keys = keys ?? SQLiteStreamKeyRepository(database)
        administration = StreamAdministration(streams: self.streams, keys: self.keys, events: events, clock: clock)
        sessions = SQLiteViewerSessionRepository(database)
        metrics = SQLiteStreamMetricsRepository(database)
        let logger = Logger(service: "test", level: .debug, sink: log, clock: clock)
        live = LiveStatus(
            reports: ScriptedReportLog(), events: events, streams: self.streams, hub: RecordingHub(), recorder: nil,
            clock: clock, logger: logger)
        let qualities = QualityAdministration(
            levels: qualityLevels ?? SQLiteQualityLevelRepository(database), configured: configured)
        let routes = APIRoutes(
            administration: administration, qualities: qualities, live: live,
            audience: AudienceHistory(sessions: sessions, metrics: metrics), catalog: catalog,
            adminToken: Secret(Self.token),
            viewerToken: Secret(Self.viewerToken), requestsPerMinute: requestsPerMinute,
            urls: PublicURLs(host: publicHost, httpPort: 8080, rtmpPort: 1935), playback: playback,
            health: HealthRoutes(checks: checks, watched: { watched }, logger: logger), logger: logger, clock: clock)
        var router = Router()
        routes.add(to: &router)
        self.router = router
    }

    /// One exchange; as the administrator unless another token, or none, is given.
    func send(
        _ method: HTTPMethod, _ target: String, body: String? = nil, token: String? = token,
        fields: [(String, String)] = [("content-type", "application/json")], from address: String = "192.0.2.1"
    ) async -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1)
        var request = HTTPRequest(method: method, path: String(parts[0]), peerAddress: address)
        if parts.count == 2 { request.query = String(parts[1]) }
        request.fields.append("host", "live.example.org:8080")
        for (name, value) in fields { request.fields.set(name, value) }
        if let token { request.fields.append("authorization", "Bearer \(token)") }
        if let body { request.body = Bytes(utf8: body) }
        return Answer(await router.respond(to: request))
    }

    /// Makes a stream through the API.
    func makeStream(title: String = "A stream") async throws -> Answer {
        let answer = await send(.post, "/streams", body: #"{"title": "\#(title)"}"#)
        try #require(answer.status == 201)
        return answer
    }
}

/// A response, read.
struct Answer {
    let status: Int
    let fields: HTTPFields
    let text: String

    init(_ response: HTTPResponse) {
        status = response.status.code
        fields = response.fields
        switch response.body {
        case .empty: text = ""
        case .shared(let buffers): text = buffers.map(\.string).joined()
        case .stream: text = "a streamed body"
        case .webSocket: text = "a WebSocket"
        }
    }

    /// The members of the body; none when it is no JSON object.
    var members: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }

    func string(_ name: String) -> String { members[name] as? String ?? "" }

    /// The names of the members, in order.
    var names: [String] { members.keys.sorted() }

    /// Checks that this is a problem document with a status and a code.
    func expectProblem(_ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(self.status == status, sourceLocation: sourceLocation)
        #expect(fields["content-type"] == "application/problem+json", sourceLocation: sourceLocation)
        #expect(fields["cache-control"] == "no-store", sourceLocation: sourceLocation)
        #expect(members["status"] as? Int == status, sourceLocation: sourceLocation)
        #expect(string("code") == code, sourceLocation: sourceLocation)
        #expect(!string("title").isEmpty && !string("detail").isEmpty, sourceLocation: sourceLocation)
    }
}

/// A clock that stands until it is moved; it begins at 2026-11-23T12:00:00Z.
final class ManualClock: WallClock {
    private let time = Mutex(WallTime(unixMilliseconds: 1_795_435_200_000))

    func now() -> WallTime { time.withLock { $0 } }

    func advance(milliseconds: Int64) { time.withLock { $0 = $0.adding(milliseconds: milliseconds) } }
}

final class RecordingEventLog: EventLog {
    private let recorded = Mutex<[StreamEvent]>([])

    var events: [StreamEvent] { recorded.withLock { $0 } }

    func append(_ event: StreamEvent) async throws(StreamError) { recorded.withLock { $0.append(event) } }

    func follow(_ receive: @escaping @Sendable (StreamEvent) -> Void) async {}
}

final class RecordingSink: LogSink {
    private let recorded = Mutex("")

    var text: String { recorded.withLock { $0 } }

    func write(_ line: String) { recorded.withLock { $0 += line } }
}
