import HTTP
import StreamingCore
import Synchronization

/// The share of requests that each address has in a minute, over all routes of the API.
final class RequestRates: Sendable {
    /// How many times as much an administrator's programs may ask as others. Their addresses are counted apart, so that
    /// others behind the same address do not use their share up.
    static let adminShare = 60

    private let perMinute: Int
    private let clock: any WallClock
    private let limits = Mutex((others: RateLimits(), admin: RateLimits()))

    /// - Parameter perMinute: 1 or more.
    init(perMinute: Int, clock: any WallClock) {
        self.perMinute = perMinute
        self.clock = clock
    }

    /// Counts a request.
    func requested(_ request: HTTPRequest, isAdmin: Bool) -> RateLimits.Standing {
        let now = clock.now()
        return limits.withLock { limits in
            isAdmin
                ? limits.admin.requested(by: request.peerAddress, limit: perMinute * Self.adminShare, at: now)
                : limits.others.requested(by: request.peerAddress, limit: perMinute, at: now)
        }
    }
}
