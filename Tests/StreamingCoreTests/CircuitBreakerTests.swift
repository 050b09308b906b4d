import StreamingCore
import Testing

@Suite struct CircuitBreakerTests {
    /// Without chance, a pause is half of what these say.
    private func settings() -> CircuitBreaker.Settings {
        var settings = CircuitBreaker.Settings()
        settings.failuresMax = 3
        settings.firstPauseMilliseconds = 200
        settings.pauseMillisecondsMax = 2000
        settings.attemptMillisecondsMax = 5000
        return settings
    }

    /// Fails until it opens; returns for how long.
    private func open(_ breaker: inout CircuitBreaker, at now: Int64, random: UInt64 = 0) -> Int64? {
        for _ in 0..<3 {
            if case .opened(let pause) = breaker.failed(at: now, random: random) { return pause }
        }
        return nil
    }

    @Test func `closed, it lets everything through, and a success forgets failures`() {
        var breaker = CircuitBreaker(settings())
        for _ in 0..<5 {
            var changes = [breaker.failed(at: 0, random: 0), breaker.failed(at: 0, random: 0)]
            changes.append(breaker.succeeded())
            #expect(changes == [nil, nil, nil])
        }
        let admitted = breaker.admits(at: 0)
        #expect(admitted && !breaker.isOpen)
    }

    @Test func `too many failures in a row open it, for a while`() {
        var breaker = CircuitBreaker(settings())
        #expect(open(&breaker, at: 1000) == 100)
        #expect(breaker.isOpen)
        #expect(breaker.pauseLeft(at: 1040) == 60)
        let admitted = [breaker.admits(at: 1000), breaker.admits(at: 1099), breaker.admits(at: 1100)]
        #expect(admitted == [false, false, true])
        #expect(breaker.state == .halfOpen(since: 1100))
    }

    @Test func `half open, it lets one attempt through, whose success closes it`() {
        var breaker = CircuitBreaker(settings())
        _ = open(&breaker, at: 0)
        let admitted = [breaker.admits(at: 100), breaker.admits(at: 100), breaker.admits(at: 4000)]
        #expect(admitted == [true, false, false])
        let change = breaker.succeeded()
        #expect(change == .closed)
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test func `an attempt that nobody speaks of again does not keep it half open for ever`() {
        var breaker = CircuitBreaker(settings())
        _ = open(&breaker, at: 0)
        let admitted = [breaker.admits(at: 100), breaker.admits(at: 5099), breaker.admits(at: 5100)]
        #expect(admitted == [true, false, true])
    }

    @Test func `each opening lasts twice as long, up to a bound, and a success starts over`() {
        var breaker = CircuitBreaker(settings())
        var now: Int64 = 0
        var pauses = [open(&breaker, at: now)]
        for _ in 0..<6 {
            now += breaker.pauseLeft(at: now)
            #expect(pauses.count > 0)
            let admitted = breaker.admits(at: now)
            let change = breaker.failed(at: now, random: 0)
            #expect(admitted && change == nil)
            pauses.append(breaker.pauseLeft(at: now))
        }
        #expect(pauses == [100, 200, 400, 800, 1000, 1000, 1000])
        _ = breaker.succeeded()
        #expect(open(&breaker, at: now) == 100)
    }

    @Test func `chance makes a pause longer, up to twice as long`() {
        var seen: Set<Int64> = []
        for random in UInt64(0)..<500 {
            var breaker = CircuitBreaker(settings())
            let pause = open(&breaker, at: 0, random: random &* 0x9E37_79B9_7F4A_7C15) ?? -1
            #expect(100...200 ~= pause)
            seen.insert(pause)
        }
        #expect(seen.count > 40)
    }

    @Test func `failures while it is open change nothing`() {
        var breaker = CircuitBreaker(settings())
        _ = open(&breaker, at: 0)
        let change = breaker.failed(at: 50, random: 0)
        #expect(change == nil && breaker.state == .open(until: 100))
    }
}
