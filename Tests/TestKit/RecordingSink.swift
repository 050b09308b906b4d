public import StreamingCore
import Synchronization

/// Keeps the log lines of a test.
public final class RecordingSink: LogSink {
    private let kept = Mutex<[String]>([])

    public init() {}

    public func write(_ line: String) { kept.withLock { $0.append(line) } }

    public var lines: [String] { kept.withLock { $0 } }
}
