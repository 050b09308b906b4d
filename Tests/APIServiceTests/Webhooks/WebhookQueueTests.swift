import Bytes
import StreamingCore
import Testing

@testable import APIService

@Suite struct WebhookQueueTests {
    private let start = WallTime(unixMilliseconds: 1_795_435_200_000)

    private func event(_ stream: StreamID, _ kind: StreamEvent.Kind = .started, after ms: Int64 = 0) throws
        -> WebhookEvent
    {
        try #require(WebhookEvent(StreamEvent(streamID: stream, at: start.adding(milliseconds: ms), kind: kind)))
    }

    @Test func `events of a stream are told one after the other`() throws {
        let (one, two) = (StreamID(at: start), StreamID(at: start))
        let events = [try event(one), try event(one, .interrupted), try event(two)]
        var queue = WebhookQueue()
        for event in events { #expect(queue.append(event, at: start) == nil) }
        #expect(Set(queue.take(at: start).map(\.id)) == [events[0].id, events[2].id])
        #expect(queue.take(at: start).isEmpty)
        #expect(queue.ended(events[0], .told, at: start, random: 0) == .told)
        #expect(queue.take(at: start) == [events[1]])
        #expect(queue.ended(events[1], .told, at: start, random: 0) == .told)
        #expect(queue.ended(events[2], .unwanted, at: start, random: 0) == .givenUp)
        #expect(queue.count == 0 && queue.nextDue == nil)
    }

    @Test func `a failure is waited out, longer each time, for about an hour`() throws {
        let event = try event(StreamID(at: start))
        var queue = WebhookQueue()
        _ = queue.append(event, at: start)
        var now = start
        var waits: [Int64] = []
        while true {
            #expect(queue.take(at: now) == [event])
            guard case .again(let wait) = queue.ended(event, .failed, at: now, random: 0) else { break }
            #expect(queue.take(at: now.adding(milliseconds: wait - 1)).isEmpty)
            #expect(queue.nextDue == now.adding(milliseconds: wait))
            waits.append(wait)
            now = now.adding(milliseconds: wait)
        }
        #expect(waits.count == WebhookLimits.attemptsMax - 1)
        #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 <= $1 })
        let hours = Double(now.unixMilliseconds - start.unixMilliseconds) / 3_600_000
        #expect((0.5...1.5).contains(hours), "\(hours) h")
        #expect(queue.count == 0)
    }

    @Test func `what failed is told before what came later`() throws {
        let stream = StreamID(at: start)
        let (first, second) = (try event(stream), try event(stream, .ended(.unpublished)))
        var queue = WebhookQueue()
        _ = queue.append(first, at: start)
        _ = queue.take(at: start)
        _ = queue.append(second, at: start)
        _ = queue.ended(first, .failed, at: start, random: 0)
        #expect(queue.take(at: start).isEmpty)
        #expect(queue.take(at: start.adding(milliseconds: 1000)) == [first])
    }

    @Test func `no more are under way than the maximum`() throws {
        var queue = WebhookQueue()
        for _ in 0..<10 { _ = queue.append(try event(StreamID(at: start)), at: start) }
        let taken = queue.take(at: start)
        #expect(taken.count == WebhookLimits.exchangesMax)
        #expect(queue.nextDue == nil)
        _ = queue.ended(taken[0], .told, at: start, random: 0)
        #expect(queue.take(at: start).count == 1)
    }

    @Test func `when there is no more room the oldest that waits is given up`() throws {
        var queue = WebhookQueue()
        let busy = try event(StreamID(at: start))
        _ = queue.append(busy, at: start)
        #expect(queue.take(at: start) == [busy])
        let oldest = try event(StreamID(at: start), after: 1)
        _ = queue.append(oldest, at: start)
        let stream = StreamID(at: start)
        for number in 2..<Int64(WebhookLimits.eventsWaitingMax) {
            #expect(queue.append(try event(stream, after: number), at: start) == nil)
        }
        #expect(queue.append(try event(stream, after: 9999), at: start) == oldest)
        #expect(queue.count == WebhookLimits.eventsWaitingMax)
    }

    @Test func `only beginnings and ends are told`() {
        let stream = StreamID(at: start)
        for kind in [StreamEvent.Kind.deleted, .keyRevoked(keyID: UUIDv7(at: start)), .transcodingRefused(reason: "")] {
            #expect(WebhookEvent(StreamEvent(streamID: stream, at: start, kind: kind)) == nil)
        }
    }

    @Test func `an event is written and signed as documented`() throws {
        let stream = try #require(StreamID("01a207af-07de-71aa-86bc-5b0737babade"))
        let id = try #require(UUIDv7("01a207af-07de-754a-a96e-6e17d71a433b"))
        let event = try #require(
            WebhookEvent(StreamEvent(id: id, streamID: stream, at: start, kind: .ended(.graceExpired))))
        #expect(
            event.body.string == """
                {"at":"2026-11-23T12:00:00.000Z","id":"01a207af-07de-754a-a96e-6e17d71a433b",\
                "reason":"grace_expired","stream":"01a207af-07de-71aa-86bc-5b0737babade","type":"stream.ended",\
                "version":1}
                """)
        // As `printf '%s' '1795435200.…' | openssl dgst -sha256 -hmac whsec_0123456789` has it; see the next test too.
        let field = WebhookSignature(Secret("whsec_0123456789")).field(for: event.body, at: start)
        #expect(field.hasPrefix("t=1795435200,v1=") && field.count == 16 + 64)
    }
}
