import Foundation
import StreamingCore
import TestKit
import Testing

@Suite struct LoggerTests {
    @Test func `a line is one JSON object, whatever is in its fields`() throws {
        let sink = RecordingSink()
        let logger = Logger(service: "test", level: .info, sink: sink, clock: ManualClock()).with(
            "stream.id", "a\"b\\c\n\u{1}")
        logger.info("something happened", ["count": 3, "flag": true, "text": "é\u{2028}"])
        let line = try #require(sink.lines.first)
        #expect(line.hasSuffix("}\n") && !line.dropLast().contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["time"] as? String == "2027-01-15T08:00:00.000Z")
        #expect(object["message"] as? String == "something happened")
        #expect(object["stream.id"] as? String == "a\"b\\c\n\u{1}")
        #expect(object["count"] as? Int == 3)
        #expect(object["flag"] as? Bool == true)
    }

    @Test func `lines below the level are not written`() {
        let sink = RecordingSink()
        let logger = Logger(service: "test", level: .warning, sink: sink)
        logger.debug("no")
        logger.info("no")
        logger.warning("yes")
        logger.error("yes")
        #expect(sink.lines.count == 2)
    }

    @Test func `a secret never prints`() {
        let secret = Secret("do-not-print-me")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
            #expect(!text.contains("do-not-print-me"))
        }
        #expect(secret == Secret("do-not-print-me"))
        #expect(secret != Secret("do-not-print-me!"))
    }
}

@Suite struct LogThrottleTests {
    @Test func `beyond its lines a second it hides, and then tells how many`() {
        let throttle = LogThrottle(linesPerSecondMax: 2)
        let clock = ManualClock()
        #expect((0..<5).map { _ in throttle.admit(at: clock.now()) } == [0, 0, nil, nil, nil])
        clock.advance(milliseconds: 1000)
        #expect((0..<3).map { _ in throttle.admit(at: clock.now()) } == [3, 0, nil])
    }
}
