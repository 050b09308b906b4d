public import Bytes
import Dispatch

/// Reads all metrics for whoever asks, on a thread of its own and one after the other, because it takes milliseconds.
///
/// Whoever asks within ``restMilliseconds`` of another gets the same text, so that strangers who ask all the time cost
/// one reading in that time.
public final class MetricsReading: Sendable {
    /// How long a text is given again, in milliseconds.
    public static let restMilliseconds = 100

    private let registry: MetricsRegistry
    private let queue = DispatchQueue(label: "sluice.metrics")
    private let newest = NewestText()

    public init(_ registry: MetricsRegistry) { self.registry = registry }

    /// The metrics as they are now, or were a moment ago.
    public func text(_ format: MetricsFormat) async -> Bytes {
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: self.newest.text(format) { Bytes(utf8: self.registry.text(format)) })
            }
        }
    }
}

/// The newest texts.
///
/// `@unchecked Sendable`: used on one serial queue alone.
private final class NewestText: @unchecked Sendable {
    private var texts: [MetricsFormat: (text: Bytes, made: Stopwatch)] = [:]

    func text(_ format: MetricsFormat, make: () -> Bytes) -> Bytes {
        if let known = texts[format], known.made.nanoseconds < MetricsReading.restMilliseconds * 1_000_000 {
            return known.text
        }
        let text = make()
        texts[format] = (text, Stopwatch())
        return text
    }
}
