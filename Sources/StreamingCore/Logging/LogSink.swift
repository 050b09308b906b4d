import Dispatch
import Foundation
import Synchronization

/// Where finished log lines go.
public protocol LogSink: Sendable {
    /// Takes a line, with its newline, and never waits.
    func write(_ line: String)
}

/// Standard error, written by a thread of its own, so that a stuck terminal never stops an event loop.
///
/// At most ``LogLimits/linesWaitingMax`` lines wait; beyond that lines are dropped, and their number is logged.
public final class StandardErrorSink: LogSink {
    public static let shared = StandardErrorSink()

    private struct Waiting {
        var lines: [String] = []
        var dropped = 0
        var isScheduled = false
    }

    private let waiting = Mutex(Waiting())
    private let queue = DispatchQueue(label: "sluice.log")

    private init() {}

    public func write(_ line: String) {
        let mustSchedule = waiting.withLock { waiting in
            guard waiting.lines.count < LogLimits.linesWaitingMax else {
                waiting.dropped += 1
                return false
            }
            waiting.lines.append(line)
            defer { waiting.isScheduled = true }
            return !waiting.isScheduled
        }
        if mustSchedule { queue.async { self.drain() } }
    }

    /// Writes what waits, before the process ends.
    public func flush() { queue.sync { drain() } }

    private func drain() {
        let (lines, dropped) = waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return (waiting.lines, waiting.dropped)
        }
        var text = lines.joined()
        if dropped > 0 { text += "{\"level\":\"warning\",\"message\":\"log lines dropped\",\"lines\":\(dropped)}\n" }
        // A standard error that is closed or full cannot be reported anywhere: the lines are lost, the service goes on.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
