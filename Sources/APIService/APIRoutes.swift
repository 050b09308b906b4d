import Bytes
public import HTTP
public import StreamingCore

/// The HTTP API over streams and keys.
///
/// ```
///  POST   /streams                      make a stream: 201 with its first key, shown this once
///  GET    /streams                      ?state=active&limit=50&before={id}
///  GET    /streams/{id}                 without a token: what a player's page needs
///  DELETE /streams/{id}                 204
///  POST   /streams/{id}/keys            make a key: 201, shown this once
///  GET    /streams/{id}/keys            without the keys themselves
///  DELETE /streams/{id}/keys/{key_id}   revoke: 204
///  GET    /quality-levels               what the next broadcasts are made in
///  PUT    /quality-levels               set that; an empty list brings the configured ladder back
///  GET    /health /health/live /health/ready
///  GET    /streams/{id}/recordings      broadcasts that are over and can be watched, in pages
///  GET    /streams/{id}/viewers         who watches and who watched, in pages
///  GET    /streams/{id}/health          a score, with reasons and remedies
///  GET    /metrics/{id}                 ?from&to&step
///  GET    /overview                     all streams on air with their newest second
///  GET    /ws/stream/{id}               WebSocket, without a token
///  GET    /ws/streams                   WebSocket of all streams; the token can be its first message
///  POST   /streams/{id}/playback-urls   signed addresses, where playback is signed
///  GET    /time                         UTC for DASH players
///  GET    /openapi.json                 all of this for programs
/// ```
/// All but health, time, `/ws/stream/` and `/openapi.json` need `Authorization: Bearer` and a token: the admin token,
/// or, to read all but keys, the viewer token. Anybody may read one stream whose id he knows, in a short form. An id
/// that is none is answered like one that is not there. Errors are problem documents with a code that never changes. No
/// answer may be kept by a cache.
public struct APIRoutes: Sendable {
    static let pageMax = 500
    static let pageDefault = 50

    let administration: StreamAdministration
    let qualities: QualityAdministration
    let live: LiveStatus
    let audience: AudienceHistory
    let catalog: (any RecordingCatalog)?
    let cors: CORSPolicy
    let authentication: TokenAuthentication
    private let rates: RequestRates?
    let urls: PublicURLs
    let idempotency: IdempotentKeys
    let playback: PlaybackSigner?
    private let health: HealthRoutes
    let clock: any WallClock
    let logger: Logger

    /// - Parameters:
    ///   - live: What is known of streams from second to second; somebody must run it.
    ///   - audience: What was written down of it.
    ///   - catalog: What knows the recordings; `nil` where there are none.
    ///   - adminToken: What an administrator shows.
    ///   - viewerToken: What those show who only look; `nil` where there are none.
    ///   - cors: Which pages may open a WebSocket.
    ///   - requestsPerMinute: What an address may ask; `nil` for any number. With the admin token it is
    ///     ``RequestRates/adminShare`` times as much.
    ///   - urls: The addresses that answers give out.
    ///   - playback: Signs the addresses that players begin with; `nil` where playback is open to everybody.
    ///   - health: What `/health` answers.
    public init(
        administration: StreamAdministration, qualities: QualityAdministration, live: LiveStatus,
        audience: AudienceHistory, catalog: (any RecordingCatalog)? = nil, adminToken: Secret,
        viewerToken: Secret? = nil, cors: CORSPolicy = CORSPolicy(.any), requestsPerMinute: Int? = nil,
        urls: PublicURLs, playback: PlaybackSigner? = nil, health: HealthRoutes,
        logger: Logger,
        clock: any WallClock = SystemWallClock()
    ) {
        self.administration = administration
        self.qualities = qualities
        self.live = live
        self.audience = audience
        self.catalog = catalog
        self.cors = cors
        rates = requestsPerMinute.map { RequestRates(perMinute: $0, clock: clock) }
        authentication = TokenAuthentication(admin: adminToken, viewer: viewerToken, clock: clock, logger: logger)
        self.urls = urls
        self.playback = playback
        idempotency = IdempotentKeys(secret: adminToken)
        self.health = health
        self.clock = clock
        self.logger = logger
    }

    /// Adds all routes to a router, which may have others.
    public func add(to router: inout Router) {
        on(&router, .post, "/streams", createStream)
        on(&router, .get, "/streams", listStreams)
        on(&router, .get, "/streams/{id}", getStream)
        on(&router, .delete, "/streams/{id}", deleteStream)
        on(&router, .post, "/streams/{id}/keys", createKey)
        on(&router, .get, "/streams/{id}/keys", listKeys)
        on(&router, .delete, "/streams/{id}/keys/{key_id}", revokeKey)
        on(&router, .get, "/quality-levels", listQualityLevels)
        on(&router, .put, "/quality-levels", replaceQualityLevels)
        on(&router, .get, "/streams/{id}/recordings", listRecordings)
        on(&router, .get, "/streams/{id}/viewers", listViewers)
        on(&router, .get, "/streams/{id}/health", getHealth)
        on(&router, .get, "/metrics/{id}", getMetrics)
        on(&router, .get, "/overview", getOverview)
        on(&router, .post, "/streams/{id}/playback-urls", signPlaybackURLs)
        LiveRoutes(live: live, streams: administration.streams, cors: cors).add(to: &router)
        on(&router, .get, "/ws/streams", openOverviewPage)
        router.on(.get, "/time") { _, _ in time() }
        router.on(.get, "/openapi.json") { _, _ in Self.openAPI }
        health.add(to: &router)
    }

    private typealias Action = @Sendable (HTTPRequest, PathParameters) async throws(APIFailure) -> HTTPResponse

    /// Adds a route whose failures become problem documents.
    private func on(_ router: inout Router, _ method: HTTPMethod, _ pattern: String, _ action: @escaping Action) {
        router.on(method, pattern) { request, parameters in
            let standing = rates?.requested(request, isAdmin: authentication.isAdmin(request))
            if let standing, standing.isExceeded {
                var response = APIFailure.tooManyRequests(retryAfterSeconds: standing.resetSeconds).response
                standing.add(to: &response.fields)
                return response
            }
            var response: HTTPResponse
            do throws(APIFailure) {
                response = try await action(request, parameters)
            } catch {
                if case .stream(.database(let reason)) = error {
                    logger.error("database failed", ["error": LogValue(reason)])
                }
                response = error.response
            }
            standing?.add(to: &response.fields)
            return response
        }
    }

    // MARK: Streams

    private func createStream(
        _ request: HTTPRequest, _: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireAdmin(request)
        let body = try CreateStreamBody(request)
        let (stream, issued) = try await makeStream(title: body.title, key: try IdempotencyKey(request))
        logger.info("stream created", ["stream.id": LogValue(stream.id), "key.id": LogValue(issued.key.id)])
        return JSONResponse.make(
            .created, document(stream, for: request, .creator(issued)), fields: ["location": "/streams/\(stream.id)"])
    }

    private func listStreams(
        _ request: HTTPRequest, _: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireReader(request)
        let query = try StreamListQuery(request.parameters)
        let (page, hasMore) = try await asking { () async throws(StreamError) in
            try await administration.streams(states: query.states, before: query.before, limit: query.limit)
        }
        return JSONResponse.make(
            .ok,
            StreamListDocument(
                streams: page.map { document($0, for: request, .administrator) },
                next: hasMore ? page.last?.id.description : nil))
    }

    private func getStream(
        _ request: HTTPRequest, _ parameters: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        let role = try authentication.role(of: request)
        let id = try streamID(parameters)
        let stream = try await asking { () async throws(StreamError) in try await administration.stream(id) }
        return JSONResponse.make(.ok, document(stream, for: request, role == nil ? .anybody : .administrator))
    }

    private func deleteStream(
        _ request: HTTPRequest, _ parameters: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireAdmin(request)
        let id = try streamID(parameters)
        try await asking { () async throws(StreamError) in try await administration.deleteStream(id) }
        logger.info("stream deleted", ["stream.id": LogValue(id)])
        return noContent
    }

    // MARK: Keys

    private func createKey(
        _ request: HTTPRequest, _ parameters: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireAdmin(request)
        let id = try streamID(parameters)
        let issued = try await makeKey(of: id, key: try IdempotencyKey(request))
        logger.info("stream key created", ["stream.id": LogValue(id), "key.id": LogValue(issued.key.id)])
        return JSONResponse.make(
            .created, IssuedKeyDocument(issued: issued, addresses: urls.addresses(for: request)))
    }

    private func listKeys(
        _ request: HTTPRequest, _ parameters: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireAdmin(request)
        let id = try streamID(parameters)
        let keys = try await asking { () async throws(StreamError) in try await administration.keys(of: id) }
        return JSONResponse.make(.ok, KeyListDocument(keys: keys))
    }

    private func revokeKey(
        _ request: HTTPRequest, _ parameters: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireAdmin(request)
        let stream = try streamID(parameters)
        guard let key = UUIDv7(parameters["key_id"]) else { throw .notFound(kind: "key") }
        try await asking { () async throws(StreamError) in try await administration.revokeKey(key, of: stream) }
        logger.info("stream key revoked", ["stream.id": LogValue(stream), "key.id": LogValue(key)])
        return noContent
    }

    // MARK: Documents that do not change

    /// The form of `urn:mpeg:dash:utc:http-iso:2014` (ISO/IEC 23009-1, 5.8.5.7).
    private func time() -> HTTPResponse {
        HTTPResponse(
            .ok, fields: ["content-type": MediaType.plainText, "cache-control": CacheControl.noStore],
            body: .shared([Bytes(utf8: clock.now().description)]))
    }

    private static let openAPI = HTTPResponse(
        .ok, fields: ["content-type": MediaType.json, "cache-control": CacheControl.noStore],
        body: .shared([OpenAPIDocument.bytes]))

    // MARK: Steps

    func streamID(_ parameters: PathParameters) throws(APIFailure) -> StreamID {
        guard let id = StreamID(parameters["id"]) else { throw .notFound(kind: "stream") }
        return id
    }

    func asking<Value>(
        _ question: () async throws(StreamError) -> Value
    ) async throws(APIFailure) -> Value {
        do throws(StreamError) {
            return try await question()
        } catch {
            throw .stream(error)
        }
    }

    private func document(
        _ stream: Stream, for request: HTTPRequest, _ view: StreamDocument.View
    ) -> StreamDocument {
        StreamDocument(
            stream: stream, addresses: urls.addresses(for: request), view: view,
            // A report that comes when a broadcast is over says nothing of the stream as it is.
            status: stream.state.isOnAir ? live.statuses.status(of: stream.id) : nil,
            // What is made now has no past; and a repeated answer is to be the same as the first.
            current: view.isCreator ? nil : live.current(of: stream.id))
    }

    private var noContent: HTTPResponse {
        HTTPResponse(.noContent, fields: ["cache-control": CacheControl.noStore])
    }
}
