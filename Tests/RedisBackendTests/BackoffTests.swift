@testable import RedisBackend
import Testing

@Suite struct BackoffTests {
    @Test func `delays double up to a limit and begin anew`() {
        var backoff = Backoff()
        let delays = (0..<8).map { _ in backoff.failed(chance: 1) }
        #expect(delays.map { $0 / .milliseconds(1) } == [50, 100, 200, 400, 800, 1000, 1000, 1000])
        #expect(backoff.failed(chance: 0) == .milliseconds(500))
        backoff.succeeded()
        #expect(backoff.failed(chance: 0) == .milliseconds(25))
    }
}
