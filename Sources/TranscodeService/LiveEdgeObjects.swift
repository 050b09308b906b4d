import Bytes
import Packaging

/// What players can ask for at the live edge, and what may be nowhere but in a store that can be emptied.
///
/// The buffers are those that were stored, not copies:
/// ```
/// initialisation segments   of the broadcast, at most initializationsMax
/// segment 17                P P P P P P  S
/// segment 18                P P P P P P  S     segmentsMax of each rendition
/// segment 19 (open)         P P P
/// ```
/// Whatever is older, the far store has.
struct LiveEdgeObjects {
    /// Segments of each rendition: the open one, and those before it.
    static let segmentsMax = 3
    /// Initialisation segments; the oldest are forgotten.
    static let initializationsMax = 2 * Run.renditionsMax
    /// Bytes of the segments. Beyond them the oldest are forgotten, down to one of each rendition.
    static let bytesMax = 64 << 20

    private struct Piece {
        let name: String
        let rendition: Substring
        /// In the order of their numbers.
        var parts: [StoredObject] = []
        var whole: StoredObject?

        /// A segment has the bytes of its parts, and mostly the same memory.
        var byteCount: Int { max(parts.reduce(0) { $0 + $1.byteCount }, whole?.byteCount ?? 0) }
    }

    private var initializations: [StoredObject] = []
    /// The oldest first.
    private var segments: [Piece] = []

    /// What there is: what a player needs first comes first.
    var objects: [StoredObject] {
        initializations + segments.reversed().flatMap { $0.parts + ($0.whole.map { [$0] } ?? []) }
    }

    /// The parts of a segment that is open, one behind the other; `nil` when none is known.
    func parts(of segment: String) -> [Bytes]? {
        segments.last { $0.name == segment }.map { $0.parts.flatMap(\.chunks) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Takes an object that is to be stored, or that stands under this name.
    mutating func keep(_ object: StoredObject) {
        switch object.kind {
        case .initialization:
            initializations.removeAll { $0.name == object.name }
            initializations.append(object)
            if initializations.count > Self.initializationsMax { initializations.removeFirst() }
        case .part:
            let index = index(ofSegment: object.segmentName ?? object.name)
            if let known = segments[index].parts.firstIndex(where: { $0.name == object.name }) {
                segments[index].parts[known] = object
            } else {
                segments[index].parts.append(object)
            }
            shorten()
        case .segment:
            segments[index(ofSegment: object.name)].whole = object
            shorten()
        // There is another one soon.
        case .thumbnail: break
        }
    }

    private mutating func index(ofSegment name: String) -> Int {
        if let index = segments.lastIndex(where: { $0.name == name }) { return index }
        let rendition = name.prefix { $0 != "/" }
        segments.append(Piece(name: name, rendition: rendition))
        return segments.count - 1
    }

    private mutating func shorten() {
        var counts: [Substring: Int] = [:]
        var byteCount = 0
        // From the newest on.
        for index in segments.indices.reversed() {
            let segment = segments[index]
            let count = counts[segment.rendition, default: 0]
            byteCount += segment.byteCount
            guard count > 0 else {
                counts[segment.rendition] = 1
                continue
            }
            if count < Self.segmentsMax, byteCount <= Self.bytesMax {
                counts[segment.rendition] = count + 1
            } else {
                byteCount -= segment.byteCount
                segments.remove(at: index)
            }
        }
    }
}

extension StoredObject {
    /// The name of the segment that a part belongs to: `720p/segment-17.m4s` of `720p/segment-17.3.m4s`.
    fileprivate var segmentName: String? {
        let pieces = name.split(separator: ".")
        guard pieces.count == 3 else { return nil }
        return "\(pieces[0]).\(pieces[2])"
    }
}
