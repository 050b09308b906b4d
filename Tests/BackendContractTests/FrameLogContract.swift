import Media
import StreamingCore
import Testing

/// What every ``FrameLog`` does.
@Suite(.timeLimit(.minutes(1))) struct FrameLogContract {
    /// What a follower saw, as text: `stream: entry` in the order of its coming, and `stream: closed`.
    private struct Follower {
        let seen: AsyncStream<(StreamID, String)>
        private let task: Task<Void, Never>

        init(_ log: any FrameLog) {
            let (seen, sight) = AsyncStream.makeStream(of: (StreamID, String).self)
            self.seen = seen
            task = Task {
                await log.follow { reader in
                    sight.yield((reader.stream, "read"))
                    while let batch = await reader.next() {
                        for entry in batch.entries { sight.yield((reader.stream, entry.label)) }
                    }
                    sight.yield((reader.stream, "closed"))
                }
                sight.finish()
            }
        }

        /// The next texts of one stream, `count` of them; those of other streams are passed over.
        func next(_ count: Int, of stream: StreamID) async -> [String] {
            var texts: [String] = []
            for await (id, text) in seen where id == stream {
                texts.append(text)
                if texts.count == count { break }
            }
            return texts
        }

        func cancel() { task.cancel() }

        /// Returns when `follow` has.
        func end() async {
            task.cancel()
            await task.value
        }
    }

    @Test(arguments: LogBackends.frameLogs)
    func `a reader gets every entry in order, then the end`(_ backend: LogBackend<any FrameLog>) async throws {
        let log = try await backend.open()
        let follower = Follower(log)
        let stream = StreamID(at: .noon)
        let track = try TestEntries.videoTrack()
        let writer = try await log.openWriter(for: stream)
        try writer.append(TestEntries.began(3))
        for time in 0..<1000 { try writer.append(TestEntries.frame(track, Int64(time), isKeyframe: time % 50 == 0)) }
        try writer.append(.interrupted)
        try writer.append(TestEntries.frame(track, 1000))
        try writer.append(.ended)
        let expected =
            ["read", "began 3"] + (0..<1000).map { "video \($0)\($0 % 50 == 0 ? " key" : "")" }
            + ["interrupted", "video 1000 key", "ended", "closed"]
        #expect(await follower.next(expected.count, of: stream) == expected)
        await follower.end()
    }

    @Test(arguments: LogBackends.frameLogs)
    func `the newest writer owns the log`(_ backend: LogBackend<any FrameLog>) async throws {
        let log = try await backend.open()
        let follower = Follower(log)
        let stream = StreamID(at: .noon)
        let first = try await log.openWriter(for: stream)
        try first.append(TestEntries.began(1))
        let second = try await log.openWriter(for: stream)
        let failure = #expect(throws: StreamError.self) { try first.append(.ended) }
        guard case .conflict = failure else {
            Issue.record("\(String(describing: failure)) instead of a conflict")
            return
        }
        try second.append(.interrupted)
        try second.append(.ended)
        #expect(await follower.next(5, of: stream) == ["read", "began 1", "interrupted", "ended", "closed"])
        await follower.end()
    }

    @Test(arguments: LogBackends.frameLogs)
    func `every broadcast after the end is a new reading, one at a time`(
        _ backend: LogBackend<any FrameLog>
    ) async throws {
        let log = try await backend.open()
        let follower = Follower(log)
        let stream = StreamID(at: .noon)
        for number in Int64(0)..<20 {
            let writer = try await log.openWriter(for: stream)
            try writer.append(TestEntries.began(number))
            try writer.append(.ended)
            #expect(await follower.next(4, of: stream) == ["read", "began \(number)", "ended", "closed"])
        }
        await follower.end()
    }

    @Test(arguments: LogBackends.frameLogs)
    func `broadcasts that follow each other fast are all read`(_ backend: LogBackend<any FrameLog>) async throws {
        let log = try await backend.open()
        let follower = Follower(log)
        let stream = StreamID(at: .noon)
        for number in Int64(0)..<200 {
            let writer = try await log.openWriter(for: stream)
            try writer.append(TestEntries.began(number))
            try writer.append(.ended)
        }
        var entries: [String] = []
        var open = 0
        for await (_, text) in follower.seen {
            switch text {
            case "read": open += 1
            case "closed": open -= 1
            default: entries.append(text)
            }
            #expect(open == 0 || open == 1)
            if entries.count == 400, open == 0 { break }
        }
        #expect(entries == (0..<200).flatMap { ["began \($0)", "ended"] })
        await follower.end()
    }

    @Test(arguments: LogBackends.fanningOutFrameLogs)
    func `several followers each get everything`(_ backend: LogBackend<any FrameLog>) async throws {
        let log = try await backend.open()
        let followers = (0..<3).map { _ in Follower(log) }
        let greeting = try await log.openWriter(for: StreamID(at: .noon))
        try greeting.append(TestEntries.began(0))
        for follower in followers { for await _ in follower.seen { break } }

        let stream = StreamID(at: .noon)
        let track = try TestEntries.audioTrack()
        let writer = try await log.openWriter(for: stream)
        try writer.append(TestEntries.began(1))
        for time in Int64(0)..<100 { try writer.append(TestEntries.frame(track, time)) }
        try writer.append(.ended)
        let expected = ["read", "began 1"] + (0..<100).map { "audio \($0) key" } + ["ended", "closed"]
        for follower in followers {
            #expect(await follower.next(expected.count, of: stream) == expected)
            await follower.end()
        }
    }

    @Test(arguments: LogBackends.frameLogs)
    func `streams are read side by side`(_ backend: LogBackend<any FrameLog>) async throws {
        let log = try await backend.open()
        let follower = Follower(log)
        let track = try TestEntries.audioTrack()
        let streams = (0..<20).map { _ in StreamID(at: .noon) }
        var writers: [any FrameLogWriter] = []
        for stream in streams { writers.append(try await log.openWriter(for: stream)) }
        for time in Int64(0)..<50 {
            for writer in writers { try writer.append(TestEntries.frame(track, time)) }
        }
        for writer in writers { try writer.append(.ended) }
        var seen: [StreamID: [String]] = [:]
        var closed = 0
        for await (stream, text) in follower.seen {
            seen[stream, default: []].append(text)
            closed += text == "closed" ? 1 : 0
            if closed == streams.count { break }
        }
        let expected = ["read"] + (0..<50).map { "audio \($0) key" } + ["ended", "closed"]
        for stream in streams { #expect(seen[stream] == expected) }
        await follower.end()
    }

    @Test(arguments: LogBackends.frameLogs)
    func `cancelling a follower ends its readers`(_ backend: LogBackend<any FrameLog>) async throws {
        let log = try await backend.open()
        let follower = Follower(log)
        let stream = StreamID(at: .noon)
        let writer = try await log.openWriter(for: stream)
        try writer.append(TestEntries.began(1))
        #expect(await follower.next(2, of: stream) == ["read", "began 1"])
        follower.cancel()
        #expect(await follower.next(1, of: stream) == ["closed"])
        await follower.end()
    }
}
