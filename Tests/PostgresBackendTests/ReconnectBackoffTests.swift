import Testing

@testable import PostgresBackend

@Suite struct ReconnectBackoffTests {
    private let start = ContinuousClock.now

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func `everyone connects as he likes while the server answers`() {
        var backoff = ReconnectBackoff()
        for _ in 0..<3 { #expect(backoff.wanted(at: start) == .connect(isProbe: false)) }
        #expect(backoff.connected() == false)
    }

    @Test func `after a failure one tries, and the others wait for him`() {
        var backoff = ReconnectBackoff()
        #expect(backoff.failed(isProbe: false, at: start, jitter: 0) == true)
        #expect(backoff.wanted(at: start) == .wait(until: after(100)))
        #expect(backoff.wanted(at: after(100)) == .connect(isProbe: true))
        #expect(backoff.wanted(at: after(100)) == .waitForOther)
        #expect(backoff.failed(isProbe: true, at: after(150), jitter: 0) == false)
        #expect(backoff.wanted(at: after(200)) == .wait(until: after(350)))
        #expect(backoff.wanted(at: after(350)) == .connect(isProbe: true))
        #expect(backoff.connected() == true)
        #expect(backoff.wanted(at: after(350)) == .connect(isProbe: false))
    }

    @Test func `those who had begun before the first failure do not make the wait longer`() {
        var backoff = ReconnectBackoff()
        #expect(backoff.failed(isProbe: false, at: start, jitter: 0) == true)
        for _ in 0..<19 { #expect(backoff.failed(isProbe: false, at: after(10), jitter: 0) == false) }
        #expect(backoff.wanted(at: after(50)) == .wait(until: after(100)))
    }

    @Test func `delays double up to their maximum, and jitter takes up to half away`() {
        let plain = (1...8).map { ReconnectBackoff.delay(after: $0, jitter: 0) }
        #expect(plain == [100, 200, 400, 800, 1600, 2000, 2000, 2000].map { .milliseconds($0) })
        #expect(ReconnectBackoff.delay(after: 1, jitter: 1) == .milliseconds(50))
        #expect(ReconnectBackoff.delay(after: 1_000_000, jitter: 1) == .milliseconds(1000))
    }
}
