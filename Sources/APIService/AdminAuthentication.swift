import HTTP
import StreamingCore
import Synchronization

/// Tells the administrator from others by the bearer token (RFC 6750).
///
/// A wrong token is compared in constant time, and after ``FailedAttempts/attemptsMax`` of them in a minute an address
/// is refused unheard. Whoever has the token may do everything, so there is no 403.
final class AdminAuthentication: Sendable {
    private let token: Secret
    private let clock: any WallClock
    private let attempts = Mutex(FailedAttempts())

    init(token: Secret, clock: any WallClock) {
        self.token = token
        self.clock = clock
    }

    /// Whether the request brings the token.
    ///
    /// - Throws: ``APIFailure`` when it brings another one; a request without any is just not the administrator's.
    func isAdministrator(_ request: HTTPRequest) throws(APIFailure) -> Bool {
        guard let credentials = request.fields["authorization"] else { return false }
        let now = clock.now()
        if let wait = attempts.withLock({ $0.wait(for: request.peerAddress, at: now) }) {
            throw .tooManyAttempts(retryAfterSeconds: Int((wait + 999) / 1000))
        }
        let parts = credentials.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", Secret(String(parts[1])) == token else {
            attempts.withLock { $0.attemptFailed(from: request.peerAddress, at: now) }
            throw .wrongToken
        }
        return true
    }

    /// - Throws: ``APIFailure`` unless the request brings the token.
    func require(_ request: HTTPRequest) throws(APIFailure) {
        guard try isAdministrator(request) else { throw .missingToken }
    }
}
