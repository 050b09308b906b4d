import Bytes
import Media
import Testing

@testable import KafkaBackend

@Suite struct FrameRecordTests {
    private func randomFrame(_ random: inout SplitMix64) throws -> FrameRecord {
        let isAudio = Bool.random(using: &random)
        let pictures = (0..<Int.random(in: 1...255, using: &random)).map { number in
            Bytes([0x68, UInt8(number)] + (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8(number) })
        }
        let track = try isAudio ? Samples.audioTrack() : Samples.videoTrack(pictureSets: pictures)
        let hasCodec = Bool.random(using: &random)
        let traceContext = TraceContext(
            trace: Bytes((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }),
            parent: Bytes((0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }), flags: 1)
        let origin = BroadcastOrigin(
            unixMilliseconds: .random(in: .min ... .max, using: &random),
            firstSegmentNumber: .random(in: 0...FrameLogPosition.fenceMax, using: &random),
            firstDiscontinuitySequence: .random(in: 0...Int(Int32.max), using: &random))
        let fields = FrameRecord.FrameFields(
            kind: track.kind, decodeTime: .random(in: 0...Int64.max / 4, using: &random),
            compositionOffset: .random(in: .min ... .max, using: &random),
            isKeyframe: Bool.random(using: &random), discontinuitySequence: .random(in: 0...1000, using: &random),
            receivedUnixMilliseconds: .random(in: .min ... .max, using: &random),
            codec: hasCodec ? CodecForm(track.configuration) : nil,
            origin: Bool.random(using: &random) ? origin : nil, broadcastHasVideo: Bool.random(using: &random),
            payload: Bytes((0..<Int.random(in: 1...3000, using: &random)).map { UInt8(truncatingIfNeeded: $0) }))
        return FrameRecord(
            fence: .random(in: 0...FrameLogPosition.fenceMax, using: &random),
            entry: .random(in: 0...FrameLogPosition.entryMax, using: &random),
            traceContext: Bool.random(using: &random) ? traceContext : nil, content: .frame(fields))
    }

    @Test func `a frame is read exactly as it was written`() throws {
        var random = SplitMix64(state: 1)
        for _ in 0..<500 {
            let record = try randomFrame(&random)
            let read = try FrameRecord(record.encoded)
            guard case .frame(let written) = record.content, case .frame(let found) = read.content else {
                Issue.record("not a frame")
                return
            }
            #expect(read.fence == record.fence && read.entry == record.entry)
            #expect(read.traceContext == record.traceContext)
            #expect(found.kind == written.kind && found.decodeTime == written.decodeTime)
            #expect(found.compositionOffset == written.compositionOffset && found.isKeyframe == written.isKeyframe)
            #expect(found.discontinuitySequence == written.discontinuitySequence)
            #expect(found.receivedUnixMilliseconds == written.receivedUnixMilliseconds)
            #expect(found.codec == written.codec && found.origin == written.origin)
            #expect(found.broadcastHasVideo == written.broadcastHasVideo && found.payload == written.payload)
        }
    }

    @Test func `what is no frame is read exactly as it was written`() throws {
        let began = FrameRecord(fence: 9, entry: 0, content: .began(Samples.origin(9)))
        guard case .began(let origin) = try FrameRecord(began.encoded).content else {
            Issue.record("no beginning")
            return
        }
        #expect(origin == Samples.origin(9))
        for content in [FrameRecord.Content.interrupted, .ended] {
            let read = try FrameRecord(FrameRecord(fence: 9, entry: 77, content: content).encoded)
            #expect(read.fence == 9 && read.entry == 77)
            switch (read.content, content) {
            case (.interrupted, .interrupted), (.ended, .ended): break
            default: Issue.record("\(read.content) instead of \(content)")
            }
        }
    }

    @Test func `codecs are the same after the way through the log`() throws {
        let sets: [Bytes] = (0..<255).map { [0x68, UInt8($0), 1, 2, 3] }
        for track in [try Samples.videoTrack(), try Samples.videoTrack(pictureSets: sets), try Samples.audioTrack()] {
            #expect(CodecForm(track.configuration).configuration(of: track.kind) == track.configuration)
        }
    }

    @Test func `a record that is cut anywhere is refused or has less payload`() throws {
        var random = SplitMix64(state: 2)
        let record = try randomFrame(&random).encoded
        for length in 0..<record.count {
            guard let read = try? FrameRecord(record.prefix(length)), case .frame(let fields) = read.content else {
                continue
            }
            #expect(!fields.payload.isEmpty)
        }
        #expect(throws: FrameRecordFailure.truncated) { try FrameRecord(record.prefix(10)) }
    }

    @Test func `hostile records never trap`() throws {
        var random = SplitMix64(state: 3)
        var sequence = StreamSequence()
        for turn in 0..<4000 {
            var bytes = turn % 2 == 0 ? try randomFrame(&random).encoded.prefix(300).array : []
            if bytes.isEmpty {
                bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in .random(in: 0...255, using: &random) }
                if !bytes.isEmpty { bytes[0] = 1 }
                if bytes.count > 1 { bytes[1] &= 3 }
            }
            for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let record = try? FrameRecord(Bytes(bytes)) else { continue }
            _ = sequence.recordRead(record, at: Int64(turn))
        }
    }

    @Test func `numbers outside of their ranges are refused`() {
        let high = FrameRecord(fence: FrameLogPosition.fenceMax + 1, entry: 0, content: .ended)
        #expect(throws: FrameRecordFailure.outOfRange("fence", FrameLogPosition.fenceMax + 1)) {
            try FrameRecord(high.encoded)
        }
        #expect(throws: FrameRecordFailure.outOfRange("entry", -1)) {
            try FrameRecord(FrameRecord(fence: 0, entry: -1, content: .ended).encoded)
        }
        #expect(throws: FrameRecordFailure.unknownVersion(2)) { try FrameRecord([2, 0, 0, 0]) }
    }

    @Test func `positions rise over broadcasts, however long each is`() {
        let quarterSecondsOfADay: Int64 = 4 * 86_400
        let entriesOfADay: Int64 = 200 * 86_400
        var last: Int64 = -1
        for day in Int64(0)..<1000 {
            let fence = 360_000_000 + day * quarterSecondsOfADay
            #expect(FrameLogPosition.position(fence: fence, entry: 0) > last)
            last = FrameLogPosition.position(fence: fence, entry: entriesOfADay)
        }
        #expect(
            FrameLogPosition.position(fence: FrameLogPosition.fenceMax, entry: FrameLogPosition.entryMax) < .max / 2 + 1
                + .max / 2)
    }
}
