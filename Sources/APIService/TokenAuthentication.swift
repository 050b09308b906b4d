import HTTP
import StreamingCore
import Synchronization

/// What the bearer of a token may do.
enum TokenRole: Sendable, Equatable {
    /// Everything.
    case admin
    /// Read everything but keys, and change nothing.
    case viewer
}

/// Tells by the bearer token (RFC 6750) who asks.
///
/// A wrong token is compared in constant time, and after ``FailedAttempts/attemptsMax`` of them in a minute an address
/// is refused unheard.
final class TokenAuthentication: Sendable {
    private let admin: Secret
    private let viewer: Secret?
    private let clock: any WallClock
    private let logger: Logger
    private let attempts = Mutex(FailedAttempts())
    private let throttle = LogThrottle(linesPerSecondMax: 1)

    /// - Parameter viewer: The token of those who only look; `nil` where there are none.
    init(admin: Secret, viewer: Secret?, clock: any WallClock, logger: Logger) {
        self.admin = admin
        self.viewer = viewer
        self.clock = clock
        self.logger = logger
    }

    /// Who asks; `nil` for a request without a token.
    ///
    /// - Throws: ``APIFailure`` when it brings one that is not ours.
    func role(of request: HTTPRequest) throws(APIFailure) -> TokenRole? {
        guard let credentials = request.fields["authorization"] else { return nil }
        let parts = credentials.split(separator: " ", maxSplits: 1)
        let token = parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
        return try role(of: token, from: request.peerAddress)
    }

    /// Who shows this.
    ///
    /// - Parameter token: `nil` for something that cannot be a token.
    /// - Throws: ``APIFailure`` when it is not ours.
    func role(of token: String?, from address: String) throws(APIFailure) -> TokenRole {
        let now = clock.now()
        if let wait = attempts.withLock({ $0.wait(for: address, at: now) }) {
            throw .tooManyAttempts(retryAfterSeconds: Int((wait + 999) / 1000))
        }
        let shown = token.map { Secret($0) }
        // Both are compared in every case, so that the time tells nothing.
        let (isAdmin, isViewer) = (shown == admin, viewer != nil && shown == viewer)
        if isAdmin { return .admin }
        if isViewer { return .viewer }
        attempts.withLock { $0.attemptFailed(from: address, at: now) }
        tellRefusal(of: address, at: now)
        throw .wrongToken
    }

    /// Whoever guesses tokens is to be seen, and is not to fill the log.
    private func tellRefusal(of address: String, at now: WallTime) {
        guard let hidden = throttle.admit(at: now) else { return }
        logger.warning("wrong token", ["peer.address": LogValue(address), "log.hidden": LogValue(hidden)])
    }

    /// Whether a request is the administrator's, without counting it as an attempt.
    func isAdmin(_ request: HTTPRequest) -> Bool {
        guard let credentials = request.fields["authorization"], credentials.count > 7 else { return false }
        let now = clock.now()
        guard attempts.withLock({ $0.wait(for: request.peerAddress, at: now) }) == nil else { return false }
        return credentials.prefix(7).lowercased() == "bearer " && Secret(String(credentials.dropFirst(7))) == admin
    }

    /// - Throws: ``APIFailure`` unless the request brings the administrator's token.
    func requireAdmin(_ request: HTTPRequest) throws(APIFailure) {
        switch try role(of: request) {
        case .admin: return
        case .viewer: throw .roleTooLow
        case nil: throw .missingToken
        }
    }

    /// - Throws: ``APIFailure`` unless the request brings a token.
    func requireReader(_ request: HTTPRequest) throws(APIFailure) {
        guard try role(of: request) != nil else { throw .missingToken }
    }
}
