import Bytes
import HTTP
import Packaging
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import DeliveryService

/// Segments that are sent while they are made.
@Suite struct GrowingSegmentTests {
    /// The segment in the making, with at least one part.
    private func growing(_ stage: Stage) async throws -> Int64 {
        let number = try #require(stage.window.rendition(named: "audio")?.entries.last).segment.number + 1
        try await stage.play { $0.rendition(named: "audio")?.openParts.first?.segmentNumber == number }
        return number
    }

    @Test(arguments: ["/hls", "/dash"])
    func `it comes part by part, and is the same bytes as when it is finished`(section: String) async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            let path = "\(section)/ID/audio/segment-\(number).m4s"
            let written = Mutex(0)
            // A range of what has no length yet is the whole.
            async let live = stage.ask(.get, path, ["range": "bytes=0-10"]) { _ in written.withLock { $0 += 1 } }
            try await eventually("the parts that there are have been sent") {
                written.withLock { $0 } == stage.window.rendition(named: "audio")?.openParts.count
            }
            while stage.window.entry(of: number, in: "audio") == nil {
                let count = stage.window.rendition(named: "audio")?.openParts.count
                try await eventually("each part is sent as it comes") { written.withLock { $0 } == count }
                try await stage.play(frames: 1)
            }
            let answer = await live
            let finished = await stage.get(path)
            #expect(answer.status == .ok && !answer.isBroken)
            #expect(answer.body == finished.body)
            #expect(answer.writes.count == stage.window.entry(of: number, in: "audio")?.segment.partCount)
            #expect(answer.fields["etag"] == finished.fields["etag"])
            #expect(answer.fields["cache-control"] == finished.fields["cache-control"])
            #expect(answer.fields["content-type"] == "audio/mp4")
            #expect(answer.fields["content-range"] == nil)
        }
    }

    @Test func `whoever is early waits for its beginning`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            async let next = stage.get("/dash/ID/audio/segment-\(number + 1).m4s")
            async let overNext = stage.get("/dash/ID/audio/segment-\(number + 2).m4s")
            try await eventually("both are held") { stage.service.heldRequestCount == 2 }
            let far = await stage.get("/dash/ID/audio/segment-\(number + 3).m4s")
            #expect(far.status == .notFound && far.fields["cache-control"] == "public, no-cache")
            try await stage.play { $0.entry(of: number + 2, in: "audio") != nil }
            let bodies = await (next.body, overNext.body)
            #expect(bodies.0 == (await stage.get("/dash/ID/audio/segment-\(number + 1).m4s").body))
            #expect(bodies.1 == (await stage.get("/dash/ID/audio/segment-\(number + 2).m4s").body))
        }
    }

    @Test func `whoever is early and waits in vain is told so`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            async let next = stage.get("/dash/ID/audio/segment-\(number + 1).m4s")
            try await eventually("it is held") { stage.service.heldRequestCount == 1 }
            stage.clock.advance(milliseconds: 6000)
            #expect(await next.status == .notFound)
        }
    }

    @Test func `a crowd shares the buffers, which are fetched once`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            let answers = await withTaskGroup { group in
                for index in 0..<40 {
                    let section = index % 2 == 0 ? "/hls" : "/dash"
                    group.addTask { await stage.get("\(section)/ID/audio/segment-\(number).m4s") }
                }
                group.addTask {
                    try? await eventually("all wait for the next part") { stage.service.heldRequestCount == 40 }
                    try? await stage.play { $0.entry(of: number, in: "audio") != nil }
                    return await stage.get("/hls/ID/audio/segment-\(number).m4s")
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.body)).count == 1)
            let asked = stage.store.gets.filter { $0.key.hasPrefix("audio/segment-\(number).") }
            #expect(asked.values.allSatisfy { $0 == 1 }, "\(asked)")
        }
    }

    @Test func `a segment that never ends is complete with what there is`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            async let live = stage.get("/dash/ID/audio/segment-\(number).m4s")
            try await eventually("it waits") { stage.service.heldRequestCount == 1 }
            try await stage.beginAfterLoss()
            let answer = await live
            #expect(answer.status == .ok && !answer.isBroken && !answer.writes.isEmpty)
        }
    }

    @Test func `a segment that stalls breaks off, so that nobody keeps it as the whole`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            async let live = stage.get("/dash/ID/audio/segment-\(number).m4s")
            try await eventually("it waits") { stage.service.heldRequestCount == 1 }
            stage.clock.advance(milliseconds: DeliveryLimits.unfinishedSegmentMilliseconds)
            #expect(await live.isBroken)
        }
    }

    @Test func `a viewer who goes waits for nothing any more`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            let viewer = Task { await stage.get("/dash/ID/audio/segment-\(number).m4s") }
            try await eventually("it waits") { stage.service.heldRequestCount == 1 }
            viewer.cancel()
            #expect(await viewer.value.isBroken)
            #expect(stage.service.heldRequestCount == 0)
        }
    }

    /// The sender waits for the viewer, and takes no part before the one before has left.
    @Test func `a slow viewer gets everything in its own time`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            let (taken, take) = AsyncStream<Void>.makeStream()
            async let live = stage.ask(.get, "/dash/ID/audio/segment-\(number).m4s") { _ in
                for await _ in taken { return }
            }
            try await stage.play { $0.entry(of: number + 1, in: "audio") != nil }
            #expect(stage.store.gets["audio/segment-\(number).1.m4s"] == nil)
            for _ in 0..<10 { take.yield() }
            let answer = await live
            #expect(answer.body == (await stage.get("/dash/ID/audio/segment-\(number).m4s").body))
        }
    }

    @Test func `the head of a growing segment is that of the finished one`() async throws {
        let stage = try await Stage()
        try await stage.live { stage in
            try await stage.broadcast(seconds: 7)
            let number = try await growing(stage)
            var request = HTTPRequest(method: .head, path: "/dash/\(stage.stream)/audio/segment-\(number).m4s")
            #expect(await stage.service.respond(to: request).fields["etag"] == "\"\(number)\"")
            request.fields.append("if-none-match", "\"\(number)\"")
            #expect(await stage.service.respond(to: request).status == .notModified)
        }
    }
}
