import Bytes
import Media
import StreamingCore
import Testing

@testable import KafkaBackend

@Suite struct FrameWriterMachineTests {
    /// What becomes of entries with so much room each: `+` written, `-` dropped.
    private func offer(
        _ entries: [(BroadcastEntry, room: Int)], _ machine: inout FrameWriterMachine
    ) -> (text: String, drops: [Int]) {
        var text = ""
        var drops: [Int] = []
        for (index, (entry, room)) in entries.enumerated() {
            let now = Samples.noon.adding(milliseconds: Int64(index))
            switch machine.entryOffered(entry, room: room, at: now) {
            case .write(_, let drop):
                text += "+"
                if let drop { drops.append(drop.entries) }
            case .drop: text += "-"
            }
        }
        return (text, drops)
    }

    @Test func `entries are numbered from the broadcast's beginning, under its number`() throws {
        let records = try Samples.records(try Samples.broadcast(41, pictures: 4, group: 2))
        #expect(records.map(\.entry) == Array(0..<10))
        #expect(records.allSatisfy { $0.fence == 41 })
        let next = try Samples.records(
            try Samples.broadcast(41, pictures: 1, group: 1) + Samples.broadcast(42, pictures: 1, group: 1))
        #expect(next.map(\.entry) == [0, 1, 2, 3, 0, 1, 2, 3])
        #expect(next.map(\.fence) == [41, 41, 41, 41, 42, 42, 42, 42])
    }

    @Test func `keyframes and sound carry their codec, keyframes the beginning too`() throws {
        let fields = try Samples.records(try Samples.broadcast(1, pictures: 4, group: 2)).compactMap { record in
            if case .frame(let fields) = record.content { fields } else { nil }
        }
        for frame in fields {
            #expect((frame.codec != nil) == (frame.isKeyframe || frame.kind == .audio))
            #expect((frame.origin != nil) == (frame.isKeyframe && frame.kind == .video))
            #expect(frame.broadcastHasVideo)
        }
    }

    @Test func `another codec is told with the first frame of it`() throws {
        let (first, second) = (try Samples.videoTrack(), try Samples.videoTrack(pictureSets: [[0x68, 1, 2]]))
        let records = try Samples.records([
            .began(Samples.origin(1)), Samples.frame(first, 0, isKeyframe: true), Samples.frame(first, 1),
            Samples.frame(second, 2),
        ])
        guard case .frame(let last) = records[3].content, case .frame(let middle) = records[2].content else {
            Issue.record("no frames")
            return
        }
        #expect(middle.codec == nil)
        #expect(last.codec?.configuration(of: .video) == second.configuration)
    }

    @Test func `without room whole groups of pictures are dropped, and then counted`() throws {
        var machine = FrameWriterMachine()
        let track = try Samples.videoTrack()
        func picture(_ time: Int64, _ room: Int) -> (BroadcastEntry, room: Int) {
            (Samples.frame(track, time, isKeyframe: time % 4 == 0, count: 100), room)
        }
        // A group has 400 bytes: the second finds too little room at its beginning, the third finds enough.
        let entries =
            [(BroadcastEntry.began(Samples.origin(1)), room: 0)] + (0..<4).map { picture($0, 1000) }
            + (4..<8).map { picture($0, $0 == 4 ? 399 : 1000) } + (8..<12).map { picture($0, 400) }
        let outcome = offer(entries, &machine)
        #expect(outcome.text == "+++++----++++")
        #expect(outcome.drops == [4])
    }

    @Test func `a group that is longer than all the room loses its end, not its middle`() throws {
        var machine = FrameWriterMachine()
        let track = try Samples.videoTrack()
        let rooms = [1000, 1000, 50, 1000, 1000, 1000]
        let entries =
            [(BroadcastEntry.began(Samples.origin(1)), room: 0)]
            + rooms.enumerated().map { index, room in
                (Samples.frame(track, Int64(index), isKeyframe: index % 5 == 0, count: 100), room: room)
            }
        #expect(offer(entries, &machine).text == "+++---+")
    }

    @Test func `beginnings, interruptions and ends are never dropped`() throws {
        var machine = FrameWriterMachine()
        let track = try Samples.audioTrack()
        let entries: [(BroadcastEntry, room: Int)] = [
            (.began(Samples.origin(1)), 0), (Samples.frame(track, 0), 0), (.interrupted, 0),
            (Samples.frame(track, 1), 0),
            (.ended, 0), (.began(Samples.origin(2)), 0),
        ]
        let outcome = offer(entries, &machine)
        #expect(outcome.text == "+-+-++")
        #expect(outcome.drops == [1, 1])
    }

    @Test func `what was dropped leaves a gap in the numbers`() throws {
        var machine = FrameWriterMachine()
        let track = try Samples.audioTrack()
        _ = offer(
            [(.began(Samples.origin(1)), 0), (Samples.frame(track, 0), 0), (Samples.frame(track, 1), 0)], &machine)
        guard case .write(let record, let drop) = machine.entryOffered(.ended, room: 0, at: Samples.noon) else {
            Issue.record("dropped")
            return
        }
        #expect(record.entry == 3)
        #expect(drop?.entries == 2)
        #expect(drop?.firstAt == Samples.noon.adding(milliseconds: 1))
        #expect(drop?.lastAt == Samples.noon.adding(milliseconds: 2))
    }

    @Test func `after a record that was refused, codecs are told again`() throws {
        var machine = FrameWriterMachine()
        let track = try Samples.videoTrack()
        _ = offer([(.began(Samples.origin(1)), 0), (Samples.frame(track, 0, isKeyframe: true), 1000)], &machine)
        machine.recordRefused(at: Samples.noon)
        #expect(offer([(Samples.frame(track, 1), 1000)], &machine).text == "-")
        guard
            case .write(let record, let drop) = machine.entryOffered(
                Samples.frame(track, 2, isKeyframe: true), room: 1000, at: Samples.noon),
            case .frame(let fields) = record.content
        else {
            Issue.record("dropped")
            return
        }
        #expect(fields.codec != nil)
        #expect(drop?.entries == 2)
    }
}
