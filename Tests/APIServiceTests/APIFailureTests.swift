import APIService
import Bytes
import HTTP
import Media
import StreamingCore
import Testing

@Suite struct APIFailureTests {
    /// A database that always fails in one way.
    private struct FailingStreams: StreamRepository {
        let error: StreamError
        func create(_ stream: Stream, key: StreamKey) async throws(StreamError) { throw error }
        func get(_ id: StreamID) async throws(StreamError) -> Stream { throw error }
        func list(
            states: Set<StreamState>, before: StreamID?, limit: Int
        ) async throws(StreamError) -> [Stream] { throw error }
        func beginBroadcast(_ id: StreamID, at time: WallTime) async throws(StreamError) -> BroadcastOrigin {
            throw error
        }
        func setState(
            _ id: StreamID, to state: StreamState, failure: String?, at time: WallTime
        ) async throws(StreamError) { throw error }
        func recordDiscontinuity(_ id: StreamID, sequence: Int) async throws(StreamError) { throw error }
        func endAbandoned(at time: WallTime) async throws(StreamError) -> [StreamID] { throw error }
        func delete(_ id: StreamID) async throws(StreamError) { throw error }
    }

    static let failures: [(StreamError, Int, String)] = [
        (.invalidKey, 403, "invalid_key"), (.revokedKey, 403, "invalid_key"),
        (.notFound(what: "stream x"), 404, "stream_not_found"),
        (.invalidValue(field: "title", reason: "is odd"), 422, "invalid_value"),
        (.conflict(reason: "It goes on."), 409, "conflict"), (.network(reason: "/secret"), 503, "database_unavailable"),
        (.transcoding(reason: "/secret"), 500, "internal_error"),
        (.database(reason: "/secret"), 503, "database_unavailable"), (.overloaded(what: "streams"), 503, "overloaded"),
    ]

    @Test(arguments: failures)
    func `every error has its status and code, and tells nothing of our insides`(
        error: StreamError, status: Int, code: String
    ) async throws {
        let api = try await TestAPI(streams: FailingStreams(error: error))
        let id = StreamID(at: api.clock.now())
        for answer in [
            await api.send(.get, "/streams/\(id)"), await api.send(.get, "/streams"),
            await api.send(.delete, "/streams/\(id)"), await api.send(.get, "/streams/\(id)/keys"),
            await api.send(.post, "/streams", body: #"{"title": "x"}"#),
        ] {
            answer.expectProblem(status, code)
            #expect(!answer.text.contains("/secret"))
        }
        if case .database = error { #expect(api.log.text.contains("/secret")) }
    }

    @Test func `a path or a method that is not there is answered by the router`() async throws {
        let api = try await TestAPI()
        #expect(await api.send(.get, "/nothing").status == 404)
        let answer = await api.send(.put, "/streams")
        #expect(answer.status == 405)
        #expect(answer.fields["allow"] == "GET, HEAD, POST, OPTIONS")
    }
}
