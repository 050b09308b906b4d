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
        #expect(backoff.failed(isProbe: false, at: start, random: 50) == true)
        #expect(backoff.wanted(at: start) == .wait(until: after(100)))
        #expect(backoff.wanted(at: after(100)) == .connect(isProbe: true))
        #expect(backoff.wanted(at: after(100)) == .waitForOther)
        #expect(backoff.failed(isProbe: true, at: after(150), random: 100) == false)
        #expect(backoff.wanted(at: after(200)) == .wait(until: after(350)))
        #expect(backoff.wanted(at: after(350)) == .connect(isProbe: true))
        #expect(backoff.connected() == true)
        #expect(backoff.wanted(at: after(350)) == .connect(isProbe: false))
    }

    @Test func `those who had begun before the first failure do not make the wait longer`() {
        var backoff = ReconnectBackoff()
        #expect(backoff.failed(isProbe: false, at: start, random: 50) == true)
        for _ in 0..<19 { #expect(backoff.failed(isProbe: false, at: after(10), random: 0) == false) }
        #expect(backoff.wanted(at: after(50)) == .wait(until: after(100)))
    }

    @Test func `delays double up to their maximum, and begin anew behind a success`() {
        var backoff = ReconnectBackoff()
        func delays(_ count: Int) -> [ContinuousClock.Instant] {
            (0..<count).map { _ in
                _ = backoff.failed(isProbe: true, at: start, random: 0)
                guard case .failing(let notBefore, _) = backoff.state else { return start }
                return notBefore
            }
        }
        // Chance takes half of each away.
        #expect(delays(7) == [50, 100, 200, 400, 800, 1000, 1000].map(after))
        #expect(backoff.connected() == true)
        #expect(delays(1) == [after(50)])
    }
}
