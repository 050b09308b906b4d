internal import CLinux
internal import Glibc

extension ReadyEvents {
    /// There is something to read, or the end of it.
    static let readable = ReadyEvents(rawValue: clinux_readable)
    /// There is room to write.
    static let writable = ReadyEvents(rawValue: clinux_writable)
    /// The peer sends no more.
    static let peerEnded = ReadyEvents(rawValue: clinux_peer_ended)
    /// Both directions are over.
    static let hungUp = ReadyEvents(rawValue: clinux_hung_up)
    /// The socket has an error to report.
    static let failed = ReadyEvents(rawValue: clinux_failed)
}

/// An epoll instance and the eventfd that wakes it.
///
/// Registrations are edge-triggered and made once per connection: after that, a read or a write costs no `epoll_ctl`.
/// The price is that a connection must remember that it is readable until `recv` says otherwise, which it does anyway
/// to save the call that would only return EAGAIN.
@safe final class Poller {
    /// How many events one wait may return; what is left stays in the kernel.
    static let eventsMax = 256
    /// The token of the eventfd. No registration has it: slot numbers end far below.
    private static let wakeToken = UInt64.max

    private let epoll: Int32
    private let wakeDescriptor: Int32
    /// Filled by `wait` and read before the next one. It belongs to the loop's thread.
    private let events: UnsafeMutablePointer<epoll_event>

    init() throws(NetworkError) {
        guard case .value(let epoll) = try systemCall("epoll_create1", { epoll_create1(Int32(EPOLL_CLOEXEC)) })
        else { throw .system(call: "epoll_create1", errno: EAGAIN) }
        self.epoll = Int32(epoll)
        do throws(NetworkError) {
            guard case .value(let wake) = try systemCall("eventfd", { clinux_eventfd() }) else {
                throw .system(call: "eventfd", errno: EAGAIN)
            }
            wakeDescriptor = Int32(wake)
        } catch {
            close(Int32(epoll))
            throw error
        }
        unsafe events = .allocate(capacity: Self.eventsMax)
        try control(EPOLL_CTL_ADD, wakeDescriptor, clinux_readable | clinux_edge_triggered, Self.wakeToken)
    }

    deinit {
        close(epoll)
        close(wakeDescriptor)
        unsafe events.deallocate()
    }

    /// Watches a descriptor, edge by edge, until it is closed.
    func add(_ socket: Socket, _ interest: ReadyEvents, _ id: RegistrationID) throws(NetworkError) {
        try control(EPOLL_CTL_ADD, socket.descriptor, interest.rawValue | clinux_edge_triggered, id.token)
    }

    /// Ends a wait from any thread. Edge-triggered, the eventfd never needs to be read.
    func wake() {
        // It fails only with EAGAIN after 2^64 - 1 wakes.
        _ = eventfd_write(wakeDescriptor, 1)
    }

    /// Waits for events.
    ///
    /// - Parameters:
    ///   - milliseconds: The longest wait; -1 for no end.
    ///   - body: Gets every event but the wake.
    /// - Returns: How many events there were.
    func wait(milliseconds: Int32, _ body: (RegistrationID, ReadyEvents) -> Void) throws(NetworkError) -> Int {
        let count = unsafe epoll_wait(epoll, events, Int32(Self.eventsMax), milliseconds)
        guard count >= 0 else {
            // After a signal the loop computes its timeout anew.
            if errno == EINTR { return 0 }
            throw .system(call: "epoll_wait", errno: errno)
        }
        for index in 0..<count {
            let token = unsafe clinux_epoll_token(events, index)
            guard token != Self.wakeToken else { continue }
            body(RegistrationID(token: token), ReadyEvents(rawValue: unsafe clinux_epoll_events(events, index)))
        }
        return Int(count)
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ events: UInt32, _ token: UInt64
    ) throws(NetworkError) {
        _ = try systemCall("epoll_ctl") { clinux_epoll_control(epoll, operation, descriptor, events, token) }
    }
}
