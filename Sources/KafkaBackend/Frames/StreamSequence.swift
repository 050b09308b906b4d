internal import Bytes
internal import Media

/// Turns the records of one stream into the entries that its reader gets: one writer after the other, each entry once
/// and in order, and nothing that cannot be decoded.
///
/// Records come in the order of their offsets. Those of a writer that was replaced, and those that were read before,
/// are passed over. Where entries are missing, reading goes on where decoding can start.
struct StreamSequence {
    /// An entry for the reader.
    struct Item {
        var position: Int64
        var entry: BroadcastEntry
        /// Entries that are missing right before it.
        var lostEntries = 0
        /// Whether reading can begin with it.
        var isStart: Bool
    }

    private struct KnownTrack {
        var codec: CodecForm?
        var track: Track?
    }

    /// Where a start gives all that is needed from a position on.
    struct Anchor: Equatable {
        var position: Int64
        var offset: Int64
        /// The writer's of the record there.
        var fence: Int64
    }

    /// The highest writer's seen.
    private(set) var fence: Int64
    /// The entry that comes next from that writer; `nil` when reading began somewhere in it.
    private var nextEntry: Int64?
    /// Entries below were read by a reader before.
    private let firstPosition: Int64
    private var isSkipping = false
    private var knowsBeginning: Bool
    private var lostEntries = 0
    private var video = KnownTrack()
    private var audio = KnownTrack()
    private var anchors: [Anchor]
    /// Records of writers that were replaced.
    private(set) var staleRecords = 0

    /// Begins with what was not read before: with all when there is no checkpoint.
    init(after checkpoint: StreamCheckpoint? = nil) {
        fence = checkpoint?.writerFence ?? -1
        firstPosition = checkpoint?.position ?? 0
        knowsBeginning = checkpoint?.state != nil
        anchors = checkpoint.map { [Anchor(position: $0.position, offset: $0.offset, fence: $0.writerFence)] } ?? []
    }

    /// Where a later reader must begin to go on at a position.
    func anchor(for position: Int64) -> Anchor? { anchors.last { $0.position <= position } ?? anchors.first }

    /// Forgets what is not needed any more to go on at a position.
    mutating func forgetAnchors(before position: Int64) {
        let passed = anchors.prefix { $0.position <= position }.count
        if passed > 1 { anchors.removeFirst(passed - 1) }
    }

    /// A record was read.
    ///
    /// - Returns: What the reader gets for it: nothing, the entry, or the beginning that it missed and the entry.
    mutating func recordRead(_ record: FrameRecord, at offset: Int64) -> [Item] {
        guard follows(record) else { return [] }
        let position = record.position
        nextEntry = record.entry + 1
        switch record.content {
        case .began(let origin):
            isSkipping = false
            knowsBeginning = true
            addAnchor(position, offset)
            return give(position, .began(origin), isStart: true)
        case .interrupted: return isFresh ? [] : give(position, .interrupted, isStart: false)
        case .ended: return isFresh ? [] : give(position, .ended, isStart: false)
        case .frame(let fields): return frameRead(fields, record.fence, position, offset)
        }
    }

    /// Whether nothing was read that a reader could have begun with.
    private var isFresh: Bool { anchors.isEmpty }

    /// Brings fence, number and losses up to a record; `false` when it is to be passed over.
    private mutating func follows(_ record: FrameRecord) -> Bool {
        guard record.fence >= fence else {
            staleRecords += 1
            return false
        }
        if record.fence > fence {
            fence = record.fence
            nextEntry = 0
            (video, audio) = (KnownTrack(), KnownTrack())
            knowsBeginning = false
        }
        if let expected = nextEntry, record.entry < expected { return false }
        // A checkpoint's offset lies before its position: what is missing before the position does not count.
        let expected = max(nextEntry ?? 0, firstPosition - FrameLogPosition.position(fence: fence, entry: 0))
        if record.entry > expected {
            lostEntries += Int(clamping: record.entry - expected)
            isSkipping = true
        }
        return true
    }

    private mutating func frameRead(
        _ fields: FrameRecord.FrameFields, _ fence: Int64, _ position: Int64, _ offset: Int64
    ) -> [Item] {
        guard let track = track(of: fields) else { return skip(position) }
        let isStart = fields.isKeyframe && (fields.kind == .video || !fields.broadcastHasVideo)
        guard isStart || !isSkipping && !isFresh else { return skip(position) }
        isSkipping = false
        if isStart { addAnchor(position, offset) }
        var items: [Item] = []
        if !knowsBeginning, let origin = fields.origin, position >= firstPosition {
            items = give(
                FrameLogPosition.position(fence: fence, entry: 0), .began(origin), isStart: true)
            // It was counted as lost, and now is not.
            if let first = items.first, first.lostEntries > 0 {
                lostEntries = first.lostEntries - 1
                items[0].lostEntries = 0
            }
            knowsBeginning = true
        }
        let frame = Frame(
            track: track, decodeTime: fields.decodeTime, compositionOffset: fields.compositionOffset,
            isKeyframe: fields.isKeyframe, discontinuitySequence: fields.discontinuitySequence,
            receivedUnixMilliseconds: fields.receivedUnixMilliseconds, payload: fields.payload)
        return items + give(position, .frame(frame), isStart: isStart)
    }

    private mutating func give(_ position: Int64, _ entry: BroadcastEntry, isStart: Bool) -> [Item] {
        guard position >= firstPosition else { return [] }
        defer { lostEntries = 0 }
        return [Item(position: position, entry: entry, lostEntries: lostEntries, isStart: isStart)]
    }

    private mutating func skip(_ position: Int64) -> [Item] {
        isSkipping = true
        if position >= firstPosition { lostEntries += 1 }
        return []
    }

    /// The frame's track, the same object as long as the codec is the same; `nil` when it is not known.
    private mutating func track(of fields: FrameRecord.FrameFields) -> Track? {
        var known = fields.kind == .video ? video : audio
        if let codec = fields.codec, codec != known.codec {
            known.codec = codec.ownCopy
            known.track = codec.configuration(of: fields.kind).map { Track($0) }
            if fields.kind == .video { video = known } else { audio = known }
        }
        return known.track
    }

    private mutating func addAnchor(_ position: Int64, _ offset: Int64) {
        anchors.append(Anchor(position: position, offset: offset, fence: fence))
        guard anchors.count > KafkaLimits.anchorsMax else { return }
        // Every second one is forgotten; the first is what was committed last.
        anchors = anchors.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    }
}
