/// Decides when to tell the peer how much has arrived (RTMP 1.0, 5.4.3 and 5.4.4).
///
/// The number is the count of all bytes since the connection began, modulo 2³², and never restarts: peers compute what
/// is in flight from it and stop when it goes back.
struct AcknowledgementWindow {
    /// Bytes received since the connection began, handshake included.
    private(set) var received: UInt64 = 0
    private var acknowledged: UInt64 = 0
    private var window: UInt64

    /// The smallest window believed: below, there would be more acknowledgements than media.
    static let windowBytesMin: UInt32 = 4096
    private let defaultWindow: UInt32

    init(window: UInt32) {
        defaultWindow = window
        self.window = UInt64(window)
    }

    /// The peer announced its window; 0 says nothing.
    mutating func windowAnnounced(_ size: UInt32) {
        window = UInt64(size == 0 ? defaultWindow : max(size, Self.windowBytesMin))
    }

    /// Bytes arrived.
    mutating func bytesReceived(_ count: Int) { received += UInt64(count) }

    /// The number to send now, or `nil` while less than half the window has arrived since the last.
    mutating func acknowledgementDue() -> UInt32? {
        guard received - acknowledged >= window / 2 else { return nil }
        acknowledged = received
        return UInt32(truncatingIfNeeded: received)
    }
}
