/// Knows for how long a peer has been silent, and when to ask it for a sign of life. The shell brings the time.
struct SilenceWatch {
    private let pingAfterMilliseconds: Int64
    private var hasHeard = true
    private var lastHeard: Int64 = 0
    private var hasAsked = false

    init(pingAfterMilliseconds: Int64) { self.pingAfterMilliseconds = pingAfterMilliseconds }

    /// Something came from the peer.
    mutating func heard() { hasHeard = true }

    /// The silence as of now, in milliseconds.
    func silence(at now: Int64) -> Int64 { hasHeard ? 0 : max(0, now - lastHeard) }

    /// Time passed. Returns whether to ask now: once in each silence.
    mutating func timePassed(to now: Int64) -> Bool {
        if hasHeard {
            hasHeard = false
            hasAsked = false
            lastHeard = now
        }
        guard !hasAsked, silence(at: now) >= pingAfterMilliseconds else { return false }
        hasAsked = true
        return true
    }
}
