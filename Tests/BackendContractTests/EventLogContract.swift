import Media
import StreamingCore
import Testing

/// What every ``EventLog`` does.
@Suite(.timeLimit(.minutes(1))) struct EventLogContract {
    @Test(arguments: LogBackends.eventLogs)
    func `followers get every kind of event as it was, in order`(_ backend: LogBackend<any EventLog>) async throws {
        let log = try await backend.open()
        let (events, sight) = AsyncStream.makeStream(of: StreamEvent.self)
        let follower = Task {
            await log.follow { sight.yield($0) }
            sight.finish()
        }
        let greeted = StreamID(at: .noon)
        let greeter = Task {
            while !Task.isCancelled {
                try await log.append(StreamEvent(streamID: greeted, at: .noon, kind: .started))
                // The follower reads all that came before what it is waited for.
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        for await _ in events { break }
        greeter.cancel()
        _ = await greeter.result

        let stream = StreamID(at: .noon)
        let reasons: [StreamEvent.EndReason] = [.unpublished, .graceExpired, .shutdown, .deleted, .keyRevoked, .failed]
        let report = LadderReport(
            renditions: [
                .init(
                    name: "1080p", size: PictureSize(width: 1920, height: 1080), frameRate: Ratio(30_000, 1001),
                    bitsPerSecond: 6_000_000, mode: .copy),
                .init(
                    name: "audio", size: nil, bitsPerSecond: 128_000, mode: .encode(encoder: "aac")),
            ],
            copyRefusal: "keyframes are 8 s apart",
            degradation: .init(shedRenditions: ["720p"], reason: "2 s behind"), preset: "superfast",
            realTimeFactor: 1.25, lagMilliseconds: 2000)
        let kinds: [StreamEvent.Kind] =
            [
                .started, .interrupted, .resumed, .deleted, .keyRevoked(keyID: UUIDv7(at: .noon)),
                .renditionsChanged(report), .transcodingRefused(reason: "the load is 0.97"),
                .transcodingFailed(rendition: "720p", reason: "no memory"),
                .transcodingFailed(rendition: nil, reason: "stalled"),
            ] + reasons.map { .ended($0) }
        let sent = kinds.map { StreamEvent(streamID: stream, at: .noon, kind: $0) }
        for event in sent { try await log.append(event) }
        var received: [StreamEvent] = []
        for await event in events where event.streamID == stream {
            received.append(event)
            if received.count == sent.count { break }
        }
        #expect(received == sent)
        follower.cancel()
        await follower.value
        try await log.append(StreamEvent(streamID: stream, at: .noon, kind: .started))
        for await event in events where event.streamID == stream {
            Issue.record("an event came after the end: \(event)")
        }
    }
}
