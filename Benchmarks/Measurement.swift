import Glibc

/// What one run of a benchmark did.
enum Work {
    case bytes(Int)
    case times(Int)
}

/// Runs a piece of work again and again and prints how much of it a second of processor time does: the median of the
/// measurements, and the least and the most.
///
/// Processor time and not the clock on the wall, because these benchmarks wait for nothing, and so what else the
/// machine does costs them only their place in the cache.
enum Measurement {
    static let count = 10
    /// How long one measurement lasts at least, in seconds: far above the clock's step and a cold cache.
    private static let secondsMin = 0.1

    /// - Parameters:
    ///   - name: What is measured, for the first column.
    ///   - detail: Printed behind the figures.
    ///   - run: Does the work once, checks that it was done, and says how much it was.
    static func measure(_ name: String, detail: String = "", _ run: () async throws -> Work) async throws {
        // The warm-up also says how often a measurement must repeat the work.
        var repetitions = 0
        let begin = processorSeconds()
        while processorSeconds() - begin < secondsMin {
            _ = try await run()
            repetitions += 1
        }
        var rates: [Double] = []
        var unit = ""
        for _ in 0..<count {
            var amount = 0.0
            let begin = processorSeconds()
            for _ in 0..<repetitions {
                switch try await run() {
                case .bytes(let bytes):
                    amount += Double(bytes) / 1_000_000
                    unit = "MB/s"
                case .times(let times):
                    amount += Double(times)
                    unit = "/s"
                }
            }
            rates.append(amount / (processorSeconds() - begin))
        }
        rates.sort()
        let median = (rates[count / 2] + rates[(count - 1) / 2]) / 2
        let range = "(\(rounded(rates[0])) to \(rounded(rates[count - 1])))"
        print(padded(name, 44), "\(aligned(rounded(median), 9)) \(padded(unit, 4))", padded(range, 22), detail)
    }

    /// The processor time that this process has had, in seconds.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    private static func rounded(_ rate: Double) -> String { String(Int(rate.rounded())) }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func aligned(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// A benchmark that did not do what it measures.
struct BenchmarkFailure: Error {
    let what: String
    let expected: Int
    let found: Int

    static func check(_ what: String, _ found: Int, is expected: Int) throws {
        guard found == expected else { throw BenchmarkFailure(what: what, expected: expected, found: found) }
    }
}
