import Bytes
import Media
import StreamingCore
import Testing

@testable import KafkaBackend

@Suite(.timeLimit(.minutes(1))) struct StreamSessionTests {
    private let session = StreamSession(stream: StreamID(at: Samples.noon), fence: 1, checkpoint: nil)

    private func items(_ positions: Range<Int64>, lostEntries: Int = 0, count: Int = 10) throws -> [StreamSequence.Item]
    {
        let track = try Samples.videoTrack()
        return positions.map { position in
            let isStart = position % 10 == 0
            return StreamSequence.Item(
                position: position, entry: Samples.frame(track, position, isKeyframe: isStart, count: count),
                lostEntries: position == positions.lowerBound ? lostEntries : 0, isStart: isStart)
        }
    }

    @Test func `positions in a batch follow each other; a gap begins another`() async throws {
        _ = session.offer(try items(0..<5))
        _ = session.offer(try items(7..<9, lostEntries: 2))
        let (first, second) = (await session.next(), await session.next())
        #expect(first?.firstPosition == 0 && first?.entries.count == 5 && first?.lostEntries == 0)
        #expect(second?.firstPosition == 7 && second?.entries.count == 2 && second?.lostEntries == 2)
    }

    @Test func `batches are bounded`() async throws {
        _ = session.offer(try items(0..<1000))
        session.seal()
        var counts: [Int] = []
        while let batch = await session.next() { counts.append(batch.entries.count) }
        #expect(counts == [256, 256, 256, 232])
    }

    @Test func `it is full at so many bytes, and has room again when half of them are gone`() async throws {
        let big = KafkaLimits.inboxBytesMax / 20
        var position: Int64 = 0
        while !session.offer(try items(position..<position + 1, count: big)) { position += 1 }
        #expect(position == 19 || position == 20)
        #expect(!session.isHalfEmpty)
        while !session.isHalfEmpty { _ = await session.next() }
    }

    @Test func `told to drop, it goes on where reading can begin, once there is room, and says how much is missing`()
        async throws
    {
        let big = KafkaLimits.inboxBytesMax / 20
        var isFull = false
        for position in Int64(0)..<30 where !isFull {
            isFull = session.offer(try items(position..<position + 1, count: big))
        }
        session.startDropping()
        #expect(!session.offer(try items(100..<125, count: 10)), "what is dropped fills nothing")
        while let batch = await session.next() { if batch.entries.count < 256 { break } }
        _ = session.offer(try items(125..<140, count: 10))
        let batch = await session.next()
        #expect(batch?.firstPosition == 130)
        #expect(batch?.lostEntries == 30)
    }

    @Test func `when it is taken, nothing more comes and what is committed later counts no more`() async throws {
        _ = session.offer(try items(0..<5))
        session.take()
        #expect((await session.next()).map(\.entries.count) == nil)
        #expect(session.wasTaken)
        session.commit(FrameLogCheckpoint(position: 3, state: []))
        #expect(session.takeCommit()?.position == 3, "until the reader has returned it may hand over what it did")
        session.finish(wasCancelled: false)
        session.commit(FrameLogCheckpoint(position: 4, state: []))
        #expect(session.takeCommit() == nil)
        #expect(!session.isDone)
    }

    @Test func `the newest commit counts`() {
        session.commit(FrameLogCheckpoint(position: 3, state: []))
        session.commit(FrameLogCheckpoint(position: 9, state: []))
        #expect(session.takeCommit()?.position == 9)
        #expect(session.takeCommit() == nil)
    }

    @Test func `a reader that waits goes on when entries come`() async throws {
        let session = session
        let waiting = Task { await session.next()?.entries.count }
        await Task.yield()
        _ = session.offer(try items(0..<3))
        #expect(await waiting.value == 3)
    }

    @Test func `a reader that is cancelled gets the end`() async {
        let session = session
        let waiting = Task { (await session.next()).map(\.entries.count) == nil }
        waiting.cancel()
        #expect(await waiting.value)
        #expect(!session.wasTaken)
    }
}
