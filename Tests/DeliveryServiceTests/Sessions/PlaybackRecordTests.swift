import StreamingCore
import Testing

@testable import DeliveryService

@Suite struct PlaybackRecordTests {
    private let begin = WallTime(unixMilliseconds: 1_795_435_200_000)
    private let id = ViewerSessionID(high: 1, low: 2)

    private func record() -> Kept { Kept(PlaybackRecord(id: id, .hls, at: begin)) }

    private func word(
        starved: Bool = false, startup: Bool = false, sound: Bool = false, buffer: Int64? = nil
    ) -> PlayerWord {
        var word = PlayerWord()
        (word.wasStarved, word.isStartup, word.isAboutSound, word.bufferMilliseconds) = (
            starved, startup, sound, buffer
        )
        return word
    }

    @Test func `bytes and times add up, and nothing is told twice`() {
        let record = record()
        _ = record.answered(nil, 0, bytes: 100, nil, at: begin.adding(milliseconds: 5))
        _ = record.answered("720p", 7, bytes: 1000, nil, at: begin.adding(milliseconds: 9))
        let share = record.share()
        #expect(share?.bytesSent == 1100)
        #expect(share?.firstSeenAt == begin)
        #expect(share?.lastSeenAt == begin.adding(milliseconds: 9))
        #expect(record.share() == nil)
        record.sent(5)
        #expect(record.share()?.bytesSent == 1105)
    }

    @Test func `what did not leave is taken off, but what was told never falls`() {
        let record = record()
        _ = record.answered("720p", 7, bytes: 1000, nil, at: begin)
        record.notSent(400)
        #expect(record.share()?.bytesSent == 600)
        _ = record.answered("720p", 8, bytes: 1000, nil, at: begin)
        #expect(record.share()?.bytesSent == 1600)
        record.notSent(300)
        _ = record.answered("720p", 9, bytes: 100, nil, at: begin)
        #expect(record.share()?.bytesSent == 1600)
        _ = record.answered("720p", 10, bytes: 500, nil, at: begin)
        #expect(record.share()?.bytesSent == 1900)
        record.notSent(.max)
        #expect(record.bytesSent == 0)
    }

    @Test func `picks are the newest segments in order, one for each`() {
        let record = record()
        for number in Int64(1)...10 {
            // Parts of a segment are one pick; so is a segment that is fetched again in another quality.
            for _ in 0..<3 { _ = record.answered("480p", number, bytes: 1, nil, at: begin) }
        }
        _ = record.answered("720p", 10, bytes: 1, nil, at: begin)
        _ = record.answered("720p", 12, bytes: 1, nil, at: begin)
        _ = record.answered("720p", 11, bytes: 1, nil, at: begin)
        _ = record.answered(nil, 99, bytes: 1, nil, at: begin)
        let picks = record.share()?.picks ?? []
        #expect(picks.map(\.segmentNumber) == Array(5...12))
        #expect(picks.map(\.rendition) == Array(repeating: "480p", count: 5) + ["720p", "720p", "720p"])
        // A viewer who seeks back is where it fetches now.
        for number in Int64(1)...8 { _ = record.answered("360p", number - 50, bytes: 1, nil, at: begin) }
        #expect(record.share()?.picks.last?.segmentNumber == -42)
    }

    @Test func `each report of a dry buffer is a stall, of pictures where there are any`() {
        let record = record()
        _ = record.answered("720p", 1, bytes: 1, word(), at: begin)
        _ = record.answered("720p", 2, bytes: 1, word(starved: true, buffer: 0), at: begin)
        _ = record.answered(nil, 2, bytes: 1, word(starved: true, sound: true, buffer: 900), at: begin)
        _ = record.answered("720p", 3, bytes: 1, word(buffer: 2000), at: begin)
        _ = record.answered("720p", 4, bytes: 1, word(starved: true), at: begin)
        let share = record.share()
        #expect(share?.stalls == 2)
        #expect(share?.bufferMilliseconds == 2000)
        let sound = self.record()
        _ = sound.answered(nil, 1, bytes: 1, word(starved: true, sound: true), at: begin)
        #expect(sound.share()?.stalls == 1, "of sound alone, sound tells")
    }

    @Test func `the start is over when a player no longer says that it starts`() {
        let record = record()
        _ = record.answered(nil, 0, bytes: 1, nil, at: begin)
        _ = record.answered("720p", 1, bytes: 1, word(startup: true), at: begin.adding(milliseconds: 100))
        #expect(record.share()?.startupMilliseconds == nil)
        _ = record.answered("720p", 2, bytes: 1, word(), at: begin.adding(milliseconds: 640))
        #expect(record.share()?.startupMilliseconds == 640)
        // A seek says the same again, and is no start.
        _ = record.answered("720p", 3, bytes: 1, word(startup: true), at: begin.adding(milliseconds: 9000))
        _ = record.answered("720p", 4, bytes: 1, word(), at: begin.adding(milliseconds: 9500))
        #expect(record.share()?.startupMilliseconds == 640)
    }

    @Test func `who was met in the middle tells nothing of its start`() {
        let record = record()
        _ = record.answered("720p", 1, bytes: 1, word(), at: begin)
        _ = record.answered("720p", 2, bytes: 1, word(startup: true), at: begin.adding(milliseconds: 100))
        _ = record.answered("720p", 3, bytes: 1, word(), at: begin.adding(milliseconds: 200))
        #expect(record.share()?.startupMilliseconds == nil)
    }

    @Test func `what the page tells goes before what requests tell, and sums never fall`() {
        let record = record()
        _ = record.answered("720p", 1, bytes: 1, word(starved: true, startup: true, buffer: 1), at: begin)
        _ = record.answered("720p", 2, bytes: 1, word(starved: true), at: begin.adding(milliseconds: 900))
        var beacon = ViewerBeacon()
        (beacon.startupMilliseconds, beacon.stalls, beacon.stalledMilliseconds) = (812, 1, 640)
        beacon.bufferMilliseconds = 1900
        #expect(record.received(beacon, at: begin.adding(milliseconds: 1000)) == (false, false))
        var later = ViewerBeacon()
        (later.startupMilliseconds, later.stalls, later.stalledMilliseconds) = (5, 0, 10)
        _ = record.received(later, at: begin.adding(milliseconds: 1100))
        let share = record.share()
        #expect(share?.startupMilliseconds == 812)
        #expect(share?.stalls == 1)
        #expect(share?.stalledMilliseconds == 640)
        #expect(share?.bufferMilliseconds == 1900)
    }

    @Test func `it ends by silence or a farewell, and a request opens it again`() {
        let record = record()
        #expect(!record.timePassed(begin.adding(milliseconds: 5999), silence: 6000))
        #expect(record.timePassed(begin.adding(milliseconds: 6000), silence: 6000))
        #expect(!record.timePassed(begin.adding(milliseconds: 7000), silence: 6000), "once")
        #expect(record.answered(nil, 0, bytes: 1, nil, at: begin.adding(milliseconds: 8000)))
        var farewell = ViewerBeacon()
        farewell.isLeaving = true
        #expect(record.received(farewell, at: begin.adding(milliseconds: 8001)) == (false, true))
        #expect(record.share()?.isLeaving == true)
        #expect(record.received(farewell, at: begin.adding(milliseconds: 8002)) == (false, false))
        #expect(!record.isForgettable(at: begin.adding(milliseconds: 9000), memory: 1000))
        #expect(record.isForgettable(at: begin.adding(milliseconds: 9002), memory: 1000))
        #expect(record.answered(nil, 0, bytes: 1, nil, at: begin.adding(milliseconds: 9003)))
        #expect(record.share()?.isLeaving == false)
    }

    @Test func `what was under way at a farewell does not mean that the player is back`() {
        let record = record()
        var farewell = ViewerBeacon()
        farewell.isLeaving = true
        #expect(record.received(farewell, at: begin.adding(milliseconds: 500)) == (false, true))
        // Held: the request came before.
        #expect(!record.answered(nil, 0, bytes: 1, nil, at: begin.adding(milliseconds: 400)))
        #expect(!record.answered(nil, 0, bytes: 1, nil, at: begin.adding(milliseconds: 1500)))
        let share = record.share()
        #expect(share?.isLeaving == true)
        #expect(share?.bytesSent == 2)
        #expect(share?.lastSeenAt == begin.adding(milliseconds: 500))
        #expect(record.answered(nil, 0, bytes: 1, nil, at: begin.adding(milliseconds: 1501)))
        #expect(record.share()?.isLeaving == false)
    }

    @Test func `who was offered a cookie is told of when the next request comes`() {
        let record = record()
        _ = record.answered(nil, 0, bytes: 10, nil, at: begin)
        record.offered(5)
        #expect(record.share() == nil)
        #expect(!record.answered(nil, 0, bytes: 10, nil, at: begin))
        #expect(record.share()?.bytesSent == 20)
    }

    @Test func `who was offered a cookie and did not come back is forgotten, and nobody is told`() {
        let record = record()
        _ = record.answered(nil, 0, bytes: 10, nil, at: begin)
        record.offered(5)
        #expect(!record.isForgettable(at: begin.adding(milliseconds: 5999), memory: 0))
        #expect(!record.timePassed(begin.adding(milliseconds: 6000), silence: 6000))
        #expect(record.isForgettable(at: begin.adding(milliseconds: 6000), memory: 600_000))
        #expect(record.share() == nil)
    }
}

/// A record that expectations can change: their macro lends values only.
private final class Kept {
    private var record: PlaybackRecord

    init(_ record: PlaybackRecord) { self.record = record }

    var bytesSent: Int64 { record.bytesSent }

    func answered(_ rendition: String?, _ number: Int64, bytes: Int, _ word: PlayerWord?, at now: WallTime) -> Bool {
        record.answered(rendition, number, bytes: bytes, word, at: now)
    }

    func sent(_ bytes: Int) { record.sent(bytes) }
    func notSent(_ bytes: Int) { record.notSent(bytes) }
    func offered(_ fingerprint: UInt64) { record.offered(fingerprint) }

    func received(_ beacon: ViewerBeacon, at now: WallTime) -> (Bool, Bool) {
        let (hasOpened, hasEnded) = record.received(beacon, at: now)
        return (hasOpened, hasEnded)
    }

    func timePassed(_ now: WallTime, silence: Int64) -> Bool { record.timePassed(now, silence: silence) }

    func isForgettable(at now: WallTime, memory: Int64) -> Bool {
        record.isForgettable(at: now, memory: memory, silence: 6000)
    }

    func share() -> SessionShare? { record.share() }
}
