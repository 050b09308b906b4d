internal import Bytes
internal import Media
internal import StreamingCore

/// What one stream's writer decides: the number of each entry, what a frame's record carries beside it, and what is
/// dropped when Kafka takes no more.
///
/// Frames are dropped by whole groups of pictures: one is begun only when there is room for another as long as the one
/// before. Should it turn out longer than all the room, its end is dropped, never its middle. Beginnings,
/// interruptions and ends are never dropped.
struct FrameWriterMachine {
    /// What was dropped in one go.
    struct Drop: Equatable {
        var entries: Int
        var firstAt: WallTime
        var lastAt: WallTime
    }

    /// What becomes of an entry.
    enum Admission {
        /// It goes to Kafka.
        ///
        /// - Parameter drop: What was dropped right before it.
        case write(FrameRecord, after: Drop?)
        /// It is dropped.
        ///
        /// - Parameter isFirst: Whether dropping begins with it.
        case drop(isFirst: Bool)
    }

    private struct WrittenTrack {
        var track: Track?
        var codec: CodecForm?
    }

    private var fence: Int64 = 0
    private var nextEntry: Int64 = 0
    private var origin: BroadcastOrigin?
    private var hasVideo = false
    private var video = WrittenTrack()
    private var audio = WrittenTrack()
    /// Payload bytes since the last keyframe, and of the group of pictures before it.
    private var groupBytes = 0
    private var groupBytesBefore = 0
    private var drop: Drop?

    /// An entry is to be appended.
    ///
    /// - Parameter room: Bytes that frames may still take.
    mutating func entryOffered(_ entry: BroadcastEntry, room: Int, at now: WallTime) -> Admission {
        switch entry {
        case .began(let origin):
            let drop = takeDrop()
            self = FrameWriterMachine()
            self.origin = origin
            // Numbers of segments are never outside of it; a reader would refuse what is.
            fence = min(max(0, origin.firstSegmentNumber), FrameLogPosition.fenceMax)
            return .write(next(.began(origin)), after: drop)
        case .interrupted: return .write(next(.interrupted), after: takeDrop())
        case .ended: return .write(next(.ended), after: takeDrop())
        case .frame(let frame): return frameOffered(frame, room: room, at: now)
        }
    }

    /// Librdkafka did not take the record that it was to write last.
    mutating func recordRefused(at now: WallTime) {
        count(1, at: now)
        // What was known to be in the log may not be there.
        (video, audio) = (WrittenTrack(), WrittenTrack())
    }

    private mutating func frameOffered(_ frame: Frame, room: Int, at now: WallTime) -> Admission {
        if frame.track.kind == .video { hasVideo = true }
        let isStart = frame.isKeyframe && (frame.track.kind == .video || !hasVideo)
        if isStart {
            groupBytesBefore = groupBytes
            groupBytes = 0
        }
        groupBytes += frame.payload.count
        // A group that is begun needs room to its end; one that goes on needs room for its frame.
        let needed = isStart ? max(groupBytesBefore, frame.payload.count) : frame.payload.count
        guard room >= needed, drop == nil || isStart else {
            nextEntry += 1
            let isFirst = drop == nil
            count(1, at: now)
            return .drop(isFirst: isFirst)
        }
        let codec = codec(of: frame)
        let fields = FrameRecord.FrameFields(
            kind: frame.track.kind, decodeTime: frame.decodeTime, compositionOffset: frame.compositionOffset,
            isKeyframe: frame.isKeyframe, discontinuitySequence: frame.discontinuitySequence,
            receivedUnixMilliseconds: frame.receivedUnixMilliseconds, codec: codec,
            origin: isStart ? origin : nil, broadcastHasVideo: hasVideo, payload: frame.payload)
        return .write(next(.frame(fields)), after: takeDrop())
    }

    /// The codec where the record must carry it: where reading can begin, with all sound, and where it is another.
    private mutating func codec(of frame: Frame) -> CodecForm? {
        var written = frame.track.kind == .video ? video : audio
        defer { if frame.track.kind == .video { video = written } else { audio = written } }
        let isOther = written.track !== frame.track
        if isOther { written = WrittenTrack(track: frame.track, codec: CodecForm(frame.track.configuration)) }
        return isOther || frame.isKeyframe ? written.codec : nil
    }

    private mutating func next(_ content: FrameRecord.Content) -> FrameRecord {
        defer { nextEntry += 1 }
        return FrameRecord(fence: fence, entry: nextEntry, content: content)
    }

    private mutating func count(_ entries: Int, at now: WallTime) {
        var counted = drop ?? Drop(entries: 0, firstAt: now, lastAt: now)
        counted.entries += entries
        counted.lastAt = now
        drop = counted
    }

    private mutating func takeDrop() -> Drop? {
        defer { drop = nil }
        return drop
    }
}
