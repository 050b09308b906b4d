import Bytes
import HTTP
import StreamingCore

// Addresses that may be played for a while.

extension APIRoutes {
    func signPlaybackURLs(
        _ request: HTTPRequest, _ parameters: PathParameters
    ) async throws(APIFailure) -> HTTPResponse {
        try authentication.requireAdmin(request)
        let id = try streamID(parameters)
        let wanted = request.body.isEmpty ? PlaybackURLsBody() : try PlaybackURLsBody(request)
        _ = try await asking { () async throws(StreamError) in try await administration.stream(id) }
        guard let playback else { throw .playbackNotSigned }
        let end = playback.end(after: wanted.milliseconds, from: clock.now())
        let signature = playback.signature(for: id, until: end)
        let addresses = urls.addresses(for: request)
        return JSONResponse.make(
            .ok,
            PlaybackURLsDocument(
                hls: addresses.hls(id, signature: signature), dash: addresses.dash(id, signature: signature), end: end))
    }
}

/// The body of `POST /streams/{id}/playback-urls`: `{"expires_in_seconds": 3600}`, or nothing.
struct PlaybackURLsBody {
    static let seconds = 60...604_800
    static let secondsDefault = 21_600

    private(set) var milliseconds = Int64(secondsDefault) * 1000

    init() {}

    init(_ request: HTTPRequest) throws(APIFailure) {
        let name = "expires_in_seconds"
        guard let members = try JSONBody.read(request).object else {
            throw .malformedBody(expected: "one JSON object")
        }
        if let other = members.names.first(where: { $0 != name }) { throw .unknownMember(other) }
        guard let member = members[name] else { return }
        guard let seconds = member.integer, Self.seconds ~= seconds else {
            throw .stream(
                .invalidValue(
                    field: name,
                    reason: "must be a whole number from \(Self.seconds.lowerBound) to \(Self.seconds.upperBound)"))
        }
        milliseconds = Int64(seconds) * 1000
    }
}

/// Signed addresses as JSON.
private struct PlaybackURLsDocument: Encodable {
    let hls: String
    let dash: String
    let end: WallTime

    private enum Member: String, CodingKey {
        case hls = "hls_url"
        case dash = "dash_url"
        case end = "expires_at"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(hls, forKey: .hls)
        try members.encode(dash, forKey: .dash)
        try members.encode(end.description, forKey: .end)
    }
}
