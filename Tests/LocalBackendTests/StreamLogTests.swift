import Media
import StreamingCore
import Testing

@testable import LocalBackend

/// The decisions of a log, without any waiting.
@Suite final class StreamLogTests {
    private var log = StreamLog.Machine(limits: FrameLogLimits())
    private let video: Track
    private let audio: Track

    init() throws {
        video = try TestEntries.videoTrack()
        audio = try TestEntries.audioTrack()
    }

    private static func limited(_ change: (inout FrameLogLimits) -> Void) -> StreamLog.Machine {
        var limits = FrameLogLimits()
        change(&limits)
        return StreamLog.Machine(limits: limits)
    }

    private func openWriter() throws -> Int {
        let writer = log.writerOpened()
        return try #require(writer)
    }

    private func attach() throws -> Int {
        let reader = log.readerAttached()
        return try #require(reader)
    }

    /// Appends; returns whether it was the log's first entry.
    @discardableResult
    private func append(_ entry: BroadcastEntry, by writer: Int) throws -> Bool {
        try log.append(entry, by: writer).isFirst
    }

    private func makeWay() -> Bool { log.makeWay() }

    /// Takes once: the labels of the batch behind the number of losses, or `nothing`, or `closed`.
    private func take(_ reader: Int) -> String {
        switch log.take(reader) {
        case .batch(let batch): "\(batch.lostEntries): " + batch.entries.map(\.label).joined(separator: ", ")
        case .nothing: "nothing"
        case .closed: "closed"
        }
    }

    @Test func `readers get what is new, and nothing twice`() throws {
        let writer = try openWriter()
        try append(TestEntries.began(1), by: writer)
        let reader = try attach()
        #expect(take(reader) == "0: began 1")
        #expect(take(reader) == "nothing")
        try append(TestEntries.frame(video, 0), by: writer)
        try append(TestEntries.frame(audio, 0), by: writer)
        #expect(take(reader) == "0: video 0 key, audio 0 key")
        #expect(take(reader) == "nothing")
    }

    @Test func `only the first entry of a log asks for readers`() throws {
        let writer = try openWriter()
        #expect(try append(TestEntries.began(1), by: writer))
        #expect(try !append(.interrupted, by: writer))
        let reader = try attach()
        _ = take(reader)
        #expect(try !append(.interrupted, by: writer))
    }

    @Test func `a batch is bounded`() throws {
        log = Self.limited { $0.batchEntriesMax = 2 }
        let writer = try openWriter()
        let reader = try attach()
        for time in Int64(0)..<3 { try append(TestEntries.frame(audio, time), by: writer) }
        #expect(take(reader) == "0: audio 0 key, audio 1 key")
        #expect(take(reader) == "0: audio 2 key")
    }

    @Test func `an older writer is refused`() throws {
        let older = try openWriter()
        let newer = try openWriter()
        #expect(throws: StreamError.self) { try append(.ended, by: older) }
        try append(TestEntries.began(1), by: newer)
    }

    @Test func `a slow reader goes on at the next keyframe and is told its losses`() throws {
        log = Self.limited { $0.entriesPerStreamMax = 6 }
        let writer = try openWriter()
        let reader = try attach()
        try append(TestEntries.began(1), by: writer)
        #expect(take(reader) == "0: began 1")
        // 0 to 9 with keyframes at 0 and 7, and audio between: the log keeps the last six.
        for time in Int64(0)..<10 {
            try append(TestEntries.frame(video, time, isKeyframe: time == 0 || time == 7), by: writer)
            try append(TestEntries.frame(audio, time), by: writer)
        }
        #expect(take(reader) == "14: video 7 key, audio 7 key, video 8, audio 8 key, video 9, audio 9 key")
        try append(TestEntries.frame(video, 10, isKeyframe: false), by: writer)
        #expect(take(reader) == "0: video 10")
    }

    @Test func `a reader that fell behind waits until a keyframe comes`() throws {
        log = Self.limited { $0.entriesPerStreamMax = 3 }
        let writer = try openWriter()
        let reader = try attach()
        try append(TestEntries.began(1), by: writer)
        #expect(take(reader) == "0: began 1")
        for time in Int64(0)..<5 {
            try append(TestEntries.frame(video, time, isKeyframe: time == 0), by: writer)
        }
        #expect(take(reader) == "nothing")
        try append(TestEntries.frame(audio, 5), by: writer)
        #expect(take(reader) == "nothing")
        try append(TestEntries.frame(video, 6), by: writer)
        #expect(take(reader) == "6: video 6 key")
    }

    @Test func `without video a reader goes on at any audio frame`() throws {
        log = Self.limited { $0.entriesPerStreamMax = 3 }
        let writer = try openWriter()
        let reader = try attach()
        try append(TestEntries.began(1), by: writer)
        #expect(take(reader) == "0: began 1")
        for time in Int64(0)..<5 { try append(TestEntries.frame(audio, time), by: writer) }
        #expect(take(reader) == "2: audio 2 key, audio 3 key, audio 4 key")
    }

    @Test func `a slow reader never misses that another broadcast began, nor the end`() throws {
        log = Self.limited { $0.entriesPerStreamMax = 4 }
        let writer = try openWriter()
        let reader = try attach()
        try append(TestEntries.began(1), by: writer)
        #expect(take(reader) == "0: began 1")
        try append(TestEntries.frame(video, 0), by: writer)
        try append(.ended, by: writer)
        let next = try openWriter()
        try append(TestEntries.began(2), by: next)
        for time in Int64(0)..<5 {
            try append(TestEntries.frame(video, time, isKeyframe: time % 4 == 0), by: next)
        }
        try append(.ended, by: next)
        // Four entries are left: video 2, 3, 4 (a keyframe) and the end. The second beginning is given again; what was
        // lost before it is told with it, what is passed over behind it with the keyframe.
        #expect(take(reader) == "4: began 2")
        #expect(take(reader) == "2: video 4 key, ended")
        #expect(take(reader) == "closed")
    }

    @Test func `a reader that comes late begins with the broadcast and a keyframe`() throws {
        let writer = try openWriter()
        let early = try attach()
        try append(TestEntries.began(1), by: writer)
        for time in Int64(0)..<3 { try append(TestEntries.frame(video, time, isKeyframe: time == 0), by: writer) }
        _ = take(early)
        let late = try attach()
        #expect(take(late) == "3: began 1")
        try append(TestEntries.frame(video, 3, isKeyframe: false), by: writer)
        #expect(take(late) == "nothing")
        try append(TestEntries.frame(video, 4), by: writer)
        #expect(take(late) == "1: video 4 key")
        #expect(take(early) == "0: video 3, video 4 key")
    }

    @Test func `the bytes of a log are bounded`() throws {
        log = Self.limited { $0.bytesPerStreamMax = 100 }
        let writer = try openWriter()
        let reader = try attach()
        for time in Int64(0)..<10 { try append(TestEntries.frame(audio, time, count: 30), by: writer) }
        #expect(take(reader) == "7: audio 7 key, audio 8 key, audio 9 key")
        // A frame that is larger than the whole log stands alone.
        try append(TestEntries.frame(audio, 10, count: 30), by: writer)
        try append(TestEntries.frame(audio, 11, count: 1000), by: writer)
        #expect(take(reader) == "1: audio 11 key")
    }

    @Test func `a log that nobody reads refuses frames when it is full, but not the end`() throws {
        log = Self.limited { $0.entriesPerStreamMax = 3 }
        let writer = try openWriter()
        try append(TestEntries.began(1), by: writer)
        for time in Int64(0)..<2 { try append(TestEntries.frame(video, time), by: writer) }
        #expect(throws: StreamError.overloaded(what: "frame log without a reader")) {
            try append(TestEntries.frame(video, 2), by: writer)
        }
        try append(.ended, by: writer)
        let reader = try attach()
        #expect(take(reader) == "0: began 1, video 0 key, video 1 key, ended")
        #expect(take(reader) == "closed")
    }

    @Test func `a log closes when all its readers are through, not before`() throws {
        let writer = try openWriter()
        let (fast, slow) = (try attach(), try attach())
        try append(TestEntries.began(1), by: writer)
        try append(.ended, by: writer)
        #expect(take(fast) == "0: began 1, ended")
        #expect(take(fast) == "nothing")
        #expect(take(slow) == "0: began 1, ended")
        #expect(take(slow) == "closed")
        #expect(take(fast) == "closed")
        #expect(log.isClosed)
        let (late, lateReader) = (log.writerOpened(), log.readerAttached())
        #expect(late == nil && lateReader == nil)
        #expect(throws: StreamError.self) { try append(TestEntries.began(2), by: writer) }
    }

    @Test func `a new writer keeps an ended log open`() throws {
        let writer = try openWriter()
        let reader = try attach()
        try append(TestEntries.began(1), by: writer)
        try append(.ended, by: writer)
        let next = try openWriter()
        #expect(take(reader) == "0: began 1, ended")
        #expect(take(reader) == "nothing")
        try append(TestEntries.began(2), by: next)
        #expect(take(reader) == "0: began 2")
    }

    @Test func `readers that give up let the log close`() throws {
        let writer = try openWriter()
        let (first, second) = (try attach(), try attach())
        try append(TestEntries.began(1), by: writer)
        _ = log.readerDetached(first)
        #expect(take(first) == "closed")
        try append(.ended, by: writer)
        #expect(!log.isClosed)
        _ = log.readerDetached(second)
        #expect(log.isClosed)

        log = Self.limited { _ in }
        let other = try openWriter()
        let reader = try attach()
        try append(TestEntries.began(1), by: other)
        _ = log.readerDetached(reader)
        try append(.ended, by: other)
        #expect(log.isClosed)
    }

    @Test func `a log that never got an entry ends with its writer`() throws {
        let writer = try openWriter()
        log.writerGone(writer)
        #expect(log.isClosed)

        log = Self.limited { _ in }
        let older = try openWriter()
        let newer = try openWriter()
        log.writerGone(older)
        #expect(!log.isClosed)
        try append(TestEntries.began(1), by: newer)
        log.writerGone(newer)
        #expect(!log.isClosed)
    }

    @Test func `only a log that is over and unread makes way`() throws {
        let writer = try openWriter()
        try append(TestEntries.began(1), by: writer)
        #expect(!makeWay())
        try append(.ended, by: writer)
        #expect(makeWay())
    }
}
