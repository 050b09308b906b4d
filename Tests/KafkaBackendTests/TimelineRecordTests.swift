import Bytes
import StreamingCore
import Testing

@testable import KafkaBackend

@Suite struct TimelineRecordTests {
    @Test func `a record is read as it was written`() throws {
        for fence in [Int64.min, -1, 0, 1, 1_795_435_200_000, .max] {
            for payload in [Bytes(), [1], Bytes([UInt8](repeating: 7, count: 5000))] {
                let record = TimelineRecord(fence: fence, payload: payload)
                #expect(TimelineRecord(record.encoded) == record)
            }
        }
    }

    @Test func `what is none of ours is not read`() {
        #expect(TimelineRecord([]) == nil)
        #expect(TimelineRecord([1, 0, 0, 0, 0, 0, 0, 0]) == nil)
        #expect(TimelineRecord([2, 0, 0, 0, 0, 0, 0, 0, 1, 9]) == nil)
    }

    @Test func `a lower fence after a higher one is not received`() {
        var fences = SeenFences()
        let (one, other) = (StreamID(at: WallTime(unixMilliseconds: 0)), StreamID(at: WallTime(unixMilliseconds: 1)))
        expect(true, &fences, 5, of: one)
        expect(true, &fences, 5, of: one)
        expect(false, &fences, 4, of: one)
        expect(true, &fences, 1, of: other)
        expect(true, &fences, 6, of: one)
        expect(false, &fences, 5, of: one)
    }

    @Test func `fences are remembered for a bounded number of streams, the silent ones are forgotten`() {
        var fences = SeenFences(limit: 10)
        let streams = (0..<11).map { StreamID(at: WallTime(unixMilliseconds: $0)) }
        for stream in streams.prefix(10) { expect(true, &fences, 9, of: stream) }
        expect(true, &fences, 9, of: streams[0])
        expect(true, &fences, 9, of: streams[10])
        expect(false, &fences, 8, of: streams[0])
        expect(false, &fences, 8, of: streams[10])
        expect(true, &fences, 8, of: streams[1])
    }

    private func expect(
        _ isAdmitted: Bool, _ fences: inout SeenFences, _ fence: Int64, of stream: StreamID,
        at location: SourceLocation = #_sourceLocation
    ) {
        let admitted = fences.admits(fence, of: stream)
        #expect(admitted == isAdmitted, sourceLocation: location)
    }
}
