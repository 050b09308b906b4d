import Bytes
import Media
import Packaging
import Testing

@Suite struct TimelineEventTests {
    static let events: [TimelineEvent] = [
        .began(Studio.origin),
        .run(
            Run(
                number: 12, discontinuitySequence: 4, ordinal: 3, startMilliseconds: 9000,
                renditions: [
                    Rendition(name: "source", epoch: 12, track: Tracks.video),
                    Rendition(name: "audio", epoch: 7, track: Tracks.audio44),
                ])),
        .targets(Targets(durationSeconds: 2, partMilliseconds: 334)),
        .part(
            Part(
                rendition: "source", segmentNumber: 12, number: 3, timescale: 90_000, start: 1_000_000,
                duration: 28_800,
                byteCount: 12_345, isIndependent: true)),
        .part(
            Part(
                rendition: "audio", segmentNumber: 12, number: 6, timescale: 44_100, start: 44_100, duration: 1024,
                byteCount: 99, isIndependent: false, endsSegment: true)),
        .segment(
            Segment(
                rendition: "audio", number: 12, run: 12, timescale: 44_100, start: 44_100, duration: 88_064,
                byteCount: 32_000, frameCount: 86, partCount: 7, isIndependent: true, decodeDelay: 7200)),
        .segment(
            Segment(
                rendition: "source", number: 13, run: 12, timescale: 90_000, start: 9, duration: 180_000, byteCount: 0,
                frameCount: 0, partCount: 0, isIndependent: false, isGap: true)),
        .interrupted,
        .ended,
    ]

    @Test(arguments: events) func `an event survives its encoding`(event: TimelineEvent) throws {
        #expect(try TimelineEvent(decoding: event.encoded) == event)
    }

    @Test(arguments: events) func `an event that is cut off anywhere is refused`(event: TimelineEvent) {
        let record = event.encoded
        for length in 0..<record.count {
            #expect(throws: RecordFailure.self) { try TimelineEvent(decoding: record.prefix(length)) }
        }
    }

    @Test func `bytes behind an event are refused`() {
        #expect(throws: RecordFailure.trailingBytes(1)) { try TimelineEvent(decoding: [1, 7, 0]) }
    }

    @Test func `versions and kinds of a later time are refused by name`() {
        #expect(throws: RecordFailure.unknownVersion(2)) { try TimelineEvent(decoding: [2, 7]) }
        #expect(throws: RecordFailure.unknownKind(99)) { try TimelineEvent(decoding: [1, 99]) }
        #expect(throws: RecordFailure.unknownKind(0)) { try TimelineEvent(decoding: [1, 0]) }
    }

    @Test func `names that could leave their folder are refused`() {
        for name in ["../x", "", "a/b", "A", String(repeating: "a", count: 33), "a\"b"] {
            let part = Part(
                rendition: name, segmentNumber: 1, number: 0, timescale: 1, start: 0, duration: 1, byteCount: 1,
                isIndependent: true)
            #expect(throws: RecordFailure.illegalName) {
                try TimelineEvent(decoding: TimelineEvent.part(part).encoded)
            }
        }
    }

    @Test func `extreme values cannot overflow what is rendered`() throws {
        let video = Rendition(name: "source", epoch: 1, track: Tracks.video)
        let largest: Int64 = 1 << 53
        for (scale, start, duration, bytes) in [
            (Int32(1000), largest, largest, 1 << 40), (1_000_000, largest, 1, 1 << 40), (1000, 0, 0, 0),
        ] as [(Int32, Int64, Int64, Int)] {
            var window = LiveWindow()
            for event in [
                .began(
                    BroadcastOrigin(
                        unixMilliseconds: largest, firstSegmentNumber: 1, firstDiscontinuitySequence: Int(largest))),
                .run(
                    Run(
                        number: 1, discontinuitySequence: Int(largest), ordinal: 0, startMilliseconds: largest,
                        renditions: [video])
                ),
                .targets(Targets(durationSeconds: 3600, partMilliseconds: 60_000)),
                .segment(
                    Segment(
                        rendition: "source", number: largest, run: 1, timescale: scale, start: start,
                        duration: duration, byteCount: bytes, frameCount: 65_536, partCount: 256,
                        decodeDelay: largest)),
            ] as [TimelineEvent] {
                _ = window.apply(try TimelineEvent(decoding: event.encoded))
            }
            #expect(window.playableRun != nil)
            for container in HLSContainer.allCases {
                #expect(MasterPlaylist.render(window, container: container) != nil)
                #expect(MediaPlaylist.render(window, rendition: "source", container: container) != nil)
            }
            #expect(DASHManifest.render(window) != nil)
        }
    }

    @Test func `mutated events are refused or harmless`() {
        var random = Random(state: 7)
        for _ in 0..<20_000 {
            var record = Self.events[Int(random.next() % UInt64(Self.events.count))].encoded.array
            for _ in 0...Int(random.next() % 3) {
                record[Int(random.next() % UInt64(record.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let event = try? TimelineEvent(decoding: Bytes(record)) else { continue }
            var window = LiveWindow()
            for event in Self.events.prefix(3) { _ = window.apply(event) }
            _ = window.apply(event)
            for event in Self.events { _ = window.apply(event) }
            for container in HLSContainer.allCases {
                _ = MasterPlaylist.render(window, container: container)
                _ = MediaPlaylist.render(window, rendition: "source", container: container)
            }
            _ = DASHManifest.render(window)
        }
    }
}
