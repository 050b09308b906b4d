import HTTP
import StreamingCore

// Broadcasts that are over and can still be watched.

extension APIRoutes {
    func listRecordings(
        _ request: HTTPRequest, _ parameters: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireReader(request)
        let stream = try streamID(parameters)
        let query = try RecordingListQuery(request.parameters)
        _ = try await asking { () async throws(StreamError) in try await administration.stream(stream) }
        let found = try await recordings(of: stream, before: query.before, limit: query.limit + 1)
        let page = found.prefix(query.limit)
        let addresses = urls.addresses(for: request)
        return JSONResponse.make(
            .ok,
            RecordingListDocument(
                recordings: page.map { RecordingDocument(recording: $0, stream: stream, addresses: addresses) },
                next: found.count > query.limit ? page.last.map { String($0.number) } : nil))
    }

    /// None where nothing is recorded.
    private func recordings(
        of stream: StreamID, before number: Int64?, limit: Int
    ) async throws(APIFailure) -> [RecordedBroadcast] {
        guard let catalog else { return [] }
        do throws(StreamError) {
            return try await catalog.recordings(of: stream, before: number, limit: limit)
        } catch .network(let reason) {
            logger.error("recordings not listed", ["stream.id": LogValue(stream), "error": LogValue(reason)])
            throw .recordingsUnavailable
        } catch {
            throw .stream(error)
        }
    }
}
