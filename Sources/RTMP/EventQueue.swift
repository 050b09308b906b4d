/// Events in order, between the machine that makes them and the shell that takes them.
///
/// Its length is bounded by the bytes of one `receive`: the shell takes all events before the next.
struct EventQueue<Event> {
    private var events: [Event?] = []
    private var first = 0

    mutating func append(_ event: Event) { events.append(event) }

    /// The oldest event. Its place is emptied at once, so that a payload does not live longer than its reader wants.
    mutating func next() -> Event? {
        guard first < events.count else { return nil }
        let event = events[first].take()
        first += 1
        if first == events.count {
            events.removeAll(keepingCapacity: events.count <= 64)
            first = 0
        }
        return event
    }
}
