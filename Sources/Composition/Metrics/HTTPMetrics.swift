import Bytes
import HTTP
import StreamingCore

/// Counts and times the requests of an HTTP port, whoever answers them.
struct MeasuredHandler: HTTPHandler {
    private let handler: any HTTPHandler
    private let metrics: HTTPMetrics

    init(_ handler: any HTTPHandler, _ metrics: HTTPMetrics) {
        self.handler = handler
        self.metrics = metrics
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let stopwatch = Stopwatch()
        let kind = RequestKind(request)
        var response = await handler.respond(to: request)
        metrics.requests[kind, StatusClass(response.status)].add()
        metrics.durations[kind].observe(stopwatch)
        guard request.method != .head else { return response }
        switch response.body {
        case .empty, .webSocket: break
        case .shared(let buffers): metrics.bytes[kind].add(buffers.reduce(0) { $0 + $1.count })
        case .stream(let length, let make):
            let bytes = metrics.bytes[kind]
            response.body = .stream(length: length) { try await make(CountingBodyWriter(writer: $0, bytes: bytes)) }
        }
        return response
    }
}

/// What is told of HTTP requests.
struct HTTPMetrics: Sendable {
    let requests: CounterGrid<RequestKind, StatusClass>
    let durations: LatencyHistograms<RequestKind>
    let bytes: Counters<RequestKind>

    init(in registry: MetricsRegistry) {
        requests = registry.counters(
            "sluice_http_requests_total", "Requests that were answered.", by: RequestKind.self, and: StatusClass.self)
        durations = registry.histograms(
            "sluice_http_request_duration_seconds",
            "From when a request was read to when its answer began. blocking_playlist and part contain the time that "
                + "players want to be held.", by: RequestKind.self)
        bytes = registry.counters(
            "sluice_http_response_bytes_total", "Bodies of answers, as they were handed to connections.",
            by: RequestKind.self)
    }
}

/// What a request is for, read off its path.
enum RequestKind: Int, MetricLabel {
    case masterPlaylist, mediaPlaylist, blockingPlaylist, manifest, initialization, segment, part, transportSegment
    case thumbnail, beacon, api, websocket, health, page
    static let name = "kind"

    init(_ request: HTTPRequest) {
        let path = request.path
        if path.hasPrefix("/hls/") || path.hasPrefix("/dash/") {
            self = Self.media(path, request)
        } else if path.hasPrefix("/streams") || path.hasPrefix("/quality-levels") || path.hasPrefix("/metrics/")
            || path == "/overview"
        {
            self = .api
        } else if path.hasPrefix("/ws/") {
            self = .websocket
        } else if path.hasPrefix("/health") || path == "/metrics" {
            self = .health
        } else {
            self = .page
        }
    }

    private static func media(_ path: String, _ request: HTTPRequest) -> RequestKind {
        if path.hasSuffix(".m3u8") {
            if path.hasSuffix("/master.m3u8") { return .masterPlaylist }
            return request.mayHaveParameter("_HLS_msn") ? .blockingPlaylist : .mediaPlaylist
        }
        if path.hasSuffix(".m4s") {
            // `segment-17.m4s` is a segment, `segment-17.3.m4s` its part.
            let dots = path.utf8.reversed().prefix { $0 != ASCIIText.slash }.count { $0 == ASCIIText.dot }
            return dots > 1 ? .part : .segment
        }
        if path.hasSuffix(".ts") { return .transportSegment }
        if path.hasSuffix(".mp4") { return .initialization }
        if path.hasSuffix(".mpd") { return .manifest }
        if path.hasSuffix(".jpg") { return .thumbnail }
        return path.hasSuffix("/beacon") ? .beacon : .page
    }
}

private enum ASCIIText {
    static let slash = UInt8(ascii: "/")
    static let dot = UInt8(ascii: ".")
}

/// The class of a status: `2xx`.
enum StatusClass: Int, MetricLabel {
    case informational, success, redirection, clientError, serverError
    static let name = "status"

    var text: String { "\(rawValue + 1)xx" }

    init(_ status: HTTPStatus) {
        self = StatusClass(rawValue: status.code / 100 - 1) ?? .serverError
    }
}

/// Counts what goes through.
private struct CountingBodyWriter: HTTPBodyWriter {
    let writer: any HTTPBodyWriter
    let bytes: Counter

    func write(_ bytes: Bytes) async throws {
        try await writer.write(bytes)
        self.bytes.add(bytes.count)
    }
}
