import StreamingCore

/// Names in an order, with constant time to add, to take out anywhere and to move to the end.
///
/// A doubly linked list in an array; a freed place is used again.
struct NameQueue {
    /// A place in the queue, good until its name is removed.
    struct Place { fileprivate let index: Int }

    private struct Node {
        var name: SegmentName
        var previous: Int?
        var next: Int?
    }

    private var nodes: [Node] = []
    private var free: [Int] = []
    private var head: Int?
    private var tail: Int?

    /// The name that came first.
    var first: SegmentName? { head.map { nodes[$0].name } }

    mutating func append(_ name: SegmentName) -> Place {
        let node = Node(name: name, previous: nil, next: nil)
        let index: Int
        if let reused = free.popLast() {
            nodes[reused] = node
            index = reused
        } else {
            nodes.append(node)
            index = nodes.count - 1
        }
        link(index)
        return Place(index: index)
    }

    mutating func remove(_ place: Place) {
        unlink(place.index)
        free.append(place.index)
    }

    mutating func moveToEnd(_ place: Place) {
        guard tail != place.index else { return }
        unlink(place.index)
        link(place.index)
    }

    private mutating func link(_ index: Int) {
        nodes[index].previous = tail
        nodes[index].next = nil
        if let tail { nodes[tail].next = index } else { head = index }
        tail = index
    }

    private mutating func unlink(_ index: Int) {
        let (previous, next) = (nodes[index].previous, nodes[index].next)
        if let previous { nodes[previous].next = next } else { head = next }
        if let next { nodes[next].previous = previous } else { tail = previous }
    }
}
