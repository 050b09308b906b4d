public import HTTP
public import StreamingCore
import Synchronization

/// Stands before playback where that is signed, and lets nobody through without a signature or a token.
///
/// ```
///  /hls/{stream}/~…/…                    a signature that is ours and has not ended: on, without it
///  …/master.m3u8, …/manifest.mpd, …/recording-N.m3u8, …/recording-N.mpd
///     ?token=JWT or Authorization        302 to the same with a signature, for all that follows
///  anything else                         a token with each request
/// ```
/// Only reading is guarded: what pages tell of themselves is no secret.
public struct PlaybackGuard: HTTPHandler {
    /// Signatures that are remembered as ours, so that not each request costs a digest; when there are more, all are
    /// forgotten.
    static let remembered = 4096

    /// A class, because handlers are copied.
    private final class Known: Sendable {
        let ends = Mutex<[Substring: WallTime]>([:])
    }

    private let signer: PlaybackSigner
    private let clock: any WallClock
    private let next: any HTTPHandler
    private let known = Known()

    /// - Parameter next: Answers what is let through. It sees paths without signatures.
    public init(_ signer: PlaybackSigner, clock: any WallClock, next: any HTTPHandler) {
        self.signer = signer
        self.clock = clock
        self.next = next
    }

    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard let path = GuardedPath(request.path) else { return await next.respond(to: request) }
        if path.signature != nil {
            if let refusal = refusal(of: path) { return refusal }
            var request = request
            request.path = path.unsigned
            return await next.respond(to: request)
        }
        guard request.method == .get || request.method == .head else { return await next.respond(to: request) }
        guard let token = token(of: request) else {
            return Self.refusal(
                .unauthorized, "playback_token_missing", "This stream is played with a signed address or a token.")
        }
        let end: WallTime
        do throws(PlaybackTokenFailure) {
            end = try signer.end(ofToken: token, for: path.stream, at: clock.now())
        } catch {
            return Self.refusal(.unauthorized, "playback_token_invalid", Self.reason(error))
        }
        guard path.isBeginning else { return await next.respond(to: request) }
        return redirect(path, query: request.query, until: end)
    }

    // MARK: Signatures

    private func refusal(of path: GuardedPath) -> HTTPResponse? {
        guard let end = end(of: path) else {
            return Self.refusal(
                .forbidden, "playback_signature_invalid", "The signature in the address is not of this server.")
        }
        guard clock.now() < end else {
            return Self.refusal(.forbidden, "playback_expired", "The address was good until \(end).")
        }
        return nil
    }

    private func end(of path: GuardedPath) -> WallTime? {
        guard let signature = path.signature else { return nil }
        if let end = known.ends.withLock({ $0[path.name] }) { return end }
        guard let end = signer.end(of: signature, for: path.stream) else { return nil }
        known.ends.withLock { ends in
            if ends.count >= Self.remembered { ends.removeAll(keepingCapacity: true) }
            // A copy, so that no whole path is kept.
            ends[Substring(String(path.name))] = end
        }
        return end
    }

    // MARK: Tokens

    private func token(of request: HTTPRequest) -> String? {
        if let credentials = request.fields["authorization"], credentials.prefix(7).lowercased() == "bearer " {
            return String(credentials.dropFirst(7))
        }
        return request.parameters["token"]
    }

    /// Relative, so that it leads on whatever stands before the path at a proxy.
    private func redirect(_ path: GuardedPath, query: String, until end: WallTime) -> HTTPResponse {
        let rest = query.split(separator: "&").filter { !$0.hasPrefix("token=") }.joined(separator: "&")
        let signature = signer.signature(for: path.stream, until: end)
        return HTTPResponse(
            .found,
            fields: [
                "location": "\(signature)/\(path.file)\(rest.isEmpty ? "" : "?")\(rest)",
                "cache-control": CacheControl.noStore,
            ])
    }

    // MARK: Refusals

    private static func refusal(_ status: HTTPStatus, _ code: String, _ detail: String) -> HTTPResponse {
        let fields: HTTPFields = status == .unauthorized ? ["www-authenticate": #"Bearer realm="playback""#] : [:]
        return ProblemDocument(status, detail: detail, code: code).response(fields: fields)
    }

    private static func reason(_ failure: PlaybackTokenFailure) -> String {
        switch failure {
        case .malformed: "The token is no JSON Web Token."
        case .algorithm: "The token must be signed with HS256."
        case .signature: "The token is signed with another secret."
        case .time: "The token has ended, or has not begun."
        case .stream: "The token is for another stream."
        }
    }
}

/// A path under `/hls/` or `/dash/` that names a stream.
private struct GuardedPath {
    let stream: StreamID
    /// The segment behind the stream, when it is marked as a signature.
    let signature: Substring?
    /// The stream and the signature.
    let name: Substring
    /// What is behind them.
    let file: Substring
    private let folder: Substring
    private let id: Substring

    /// `nil` for a path that names no stream, of which there is nothing to guard.
    init?(_ path: String) {
        let parts = path.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].isEmpty, let stream = StreamID(parts[2]) else { return nil }
        self.stream = stream
        (folder, id) = (parts[1], parts[2])
        let rest = parts[3]
        guard rest.first == PlaybackSigner.mark, let slash = rest.firstIndex(of: "/") else {
            (signature, name, file) = (nil, id, rest)
            return
        }
        signature = rest[..<slash]
        name = path[id.startIndex..<slash]
        file = rest[rest.index(after: slash)...]
    }

    var unsigned: String { "/\(folder)/\(id)/\(file)" }

    /// Whether players begin with it.
    var isBeginning: Bool {
        file == "master.m3u8" || file == "manifest.mpd" || file.hasPrefix("recording-") && !file.contains("/")
    }
}
