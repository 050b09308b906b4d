/// First in, first out, in an array whose front is given up in large steps. Whoever owns it bounds it.
struct Queue<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }
    var first: Element? { head < elements.count ? elements[head] : nil }
    var all: [Element] { elements[head...].compactMap(\.self) }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        // Lets go of what the element holds, long before the array gives up its place.
        elements[head] = nil
        head += 1
        if head == elements.count || head > 64 && head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func replaceFirst(_ change: (Element) -> Element) {
        guard let first else { return }
        elements[head] = change(first)
    }

    /// The element at a place, counted from the first; the caller has checked that it is there.
    subscript(position: Int) -> Element? { elements[head + position] }
}
