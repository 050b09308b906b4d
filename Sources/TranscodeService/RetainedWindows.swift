import Packaging
import StreamingCore
import Synchronization

/// Knows what each stream has in the segment store, so that it can be removed when nobody should ask for it any more,
/// and what a process must be told that begins to serve it.
final class RetainedWindows: Sendable {
    private struct Retained {
        var window: LiveWindow
        /// When it may be forgotten; `nil` while the broadcast lives.
        var deadline: WallTime?
    }

    private let windows = Mutex<[StreamID: Retained]>([:])
    /// Of every window.
    let configuration: LiveWindow.Configuration
    private let retentionMilliseconds: Int64

    init(configuration: LiveWindow.Configuration, retentionMilliseconds: Int64) {
        self.configuration = configuration
        self.retentionMilliseconds = retentionMilliseconds
    }

    /// - Returns: The names that can be removed from the store.
    func apply(_ event: TimelineEvent, of stream: StreamID, at now: WallTime) -> [String] {
        windows.withLock { windows in
            var retained = windows[stream] ?? Retained(window: LiveWindow(configuration))
            let unused = retained.window.apply(event)
            retained.deadline =
                retained.window.state == .ended ? now.adding(milliseconds: retentionMilliseconds) : nil
            windows[stream] = retained
            return unused
        }
    }

    /// Events that make the stream's window.
    func events(of stream: StreamID) -> [TimelineEvent] { windows.withLock { $0[stream]?.window.events ?? [] } }

    /// Another worker has the stream now.
    func forget(_ stream: StreamID) { windows.withLock { _ = $0.removeValue(forKey: stream) } }

    /// Forgets the streams whose time is over and says which.
    func expired(at now: WallTime) -> [StreamID] {
        windows.withLock { windows in
            let over = windows.filter { $0.value.deadline.map { $0 <= now } ?? false }.map(\.key)
            for stream in over { windows[stream] = nil }
            return over
        }
    }
}
