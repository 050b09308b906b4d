import Foundation
import Synchronization

/// Durations in steps of a fifth of a power of two, from 16 µs to half a minute.
struct DurationHistogram {
    private var counts = [Int](repeating: 0, count: 128)
    private(set) var count = 0

    private static let least = 16.0

    mutating func add(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let microseconds = Double(seconds) * 1e6 + Double(attoseconds) / 1e12
        let step = microseconds <= Self.least ? 0 : Int(log2(microseconds / Self.least) * 5) + 1
        counts[min(step, counts.count - 1)] += 1
        count += 1
    }

    /// The upper end of the step that the percentile lies in, in milliseconds.
    func milliseconds(percentile: Double) -> Double {
        var left = Int((Double(count) * percentile / 100).rounded(.up))
        for (step, count) in counts.enumerated() {
            left -= count
            if left <= 0 { return Self.least * pow(2, Double(step) / 5) / 1000 }
        }
        return 0
    }

    var line: String {
        let values = [50.0, 95, 99, 99.9].map { String(format: "%.1f", milliseconds(percentile: $0)) }
        return "median \(values[0]) ms, 95% \(values[1]), 99% \(values[2]), 99.9% \(values[3]) (\(count))"
    }
}

/// What all viewers of a load met.
final class LoadLedger: Sendable {
    private struct State {
        var isMeasuring = false
        var watching = 0
        var reloads = DurationHistogram()
        var parts = DurationHistogram()
        var startups = DurationHistogram()
        var messages = 0
        var pages = 0
        var bytes = 0
        var stalls = 0
        var stalled = Duration.zero
        var stalledViewers = 0
        var errors: [String: Int] = [:]
        /// When anybody first got a playlist with a part, by stream and part.
        var firsts: [String: ContinuousClock.Instant] = [:]
        var order: [String] = []
    }

    /// Parts whose first sight is remembered.
    private static let firstsMax = 4096
    private let state = Mutex(State())

    func beginMeasuring() {
        state.withLock { state in
            let (watching, firsts, order, errors, pages, startups) = (
                state.watching, state.firsts, state.order, state.errors, state.pages, state.startups
            )
            state = State()
            (state.watching, state.firsts, state.order, state.errors, state.pages, state.startups) = (
                watching, firsts, order, errors, pages, startups
            )
            state.isMeasuring = true
        }
    }

    var errorCount: Int { state.withLock { $0.errors.values.reduce(0, +) } }

    func began(after duration: Duration) {
        state.withLock { state in
            state.watching += 1
            state.startups.add(duration)
        }
    }

    func pageOpened() { state.withLock { $0.pages += 1 } }
    func messageCame() { state.withLock { $0.messages += 1 } }

    func failed(_ what: String) { state.withLock { $0.errors[what, default: 0] += 1 } }

    /// A playlist came that ends with this part: how much later than for the first who got it.
    func reloaded(_ part: String, bytes: Int) {
        let now = ContinuousClock.now
        state.withLock { state in
            state.bytes += bytes
            guard let first = state.firsts[part] else {
                state.firsts[part] = now
                state.order.append(part)
                if state.order.count > Self.firstsMax { state.firsts[state.order.removeFirst()] = nil }
                state.reloads.add(.zero)
                return
            }
            state.reloads.add(first.duration(to: now))
        }
    }

    func fetched(bytes: Int, in duration: Duration) {
        state.withLock { state in
            state.bytes += bytes
            state.parts.add(duration)
        }
    }

    func stalled(for duration: Duration) {
        state.withLock { state in
            state.stalls += 1
            state.stalled += duration
        }
    }

    func report(over duration: Duration) -> String {
        state.withLock { state in
            let seconds = duration / .seconds(1)
            let megabits = Double(state.bytes) * 8 / seconds / 1e6
            var lines = [
                "\(state.watching) viewers watching, \(String(format: "%.0f", seconds)) s measured",
                "first picture could be shown after: \(state.startups.line)",
                "held playlist, behind the first who got it: \(state.reloads.line)",
                "parts fetched in: \(state.parts.line)",
                "\(String(format: "%.0f", Double(state.reloads.count + state.parts.count) / seconds)) requests/s,"
                    + " \(String(format: "%.0f", megabits)) Mbit/s",
                "stalls: \(state.stalls), \(String(format: "%.1f", state.stalled / .seconds(1))) s in all",
            ]
            if state.pages > 0 {
                lines.append("\(state.pages) WebSockets, \(Int(Double(state.messages) / seconds)) messages/s")
            }
            lines.append(
                state.errors.isEmpty
                    ? "errors: none"
                    : "errors: "
                        + state.errors.sorted { $0.value > $1.value }.map { "\($0.value) × \($0.key)" }
                        .joined(separator: ", "))
            return lines.joined(separator: "\n")
        }
    }
}

/// What processes have used of the machine.
struct ProcessUsage {
    private let processorSeconds: Double
    private let residentKilobytes: Int
    private let at = ContinuousClock.now

    init(_ processes: [Int32]) {
        var (ticks, kilobytes) = (0.0, 0)
        for process in processes {
            let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
            // The name of the program, in brackets, may have spaces.
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            if fields.count > 12 { ticks += (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) }
            let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
            let resident = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") }
            kilobytes +=
                resident.flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } } ?? 0
        }
        processorSeconds = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentKilobytes = kilobytes
    }

    /// - Parameters:
    ///   - earlier: When the measuring began.
    ///   - before: Before the first viewer came.
    func line(_ name: String, since earlier: ProcessUsage, before: ProcessUsage, viewers: Int) -> String {
        let seconds = earlier.at.duration(to: at) / .seconds(1)
        let cores = (processorSeconds - earlier.processorSeconds) / seconds
        let kilobytes = Double(residentKilobytes - before.residentKilobytes) / Double(max(1, viewers))
        return String(
            format: "%@: %.2f cores, %.1f MB resident, %.1f KB more for each viewer than before", name, cores,
            Double(residentKilobytes) / 1024, kilobytes)
    }
}
