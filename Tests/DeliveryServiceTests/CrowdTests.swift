import Bytes
import HTTP
import Packaging
import StreamingCore
import Synchronization
import TestKit
import Testing

@testable import DeliveryService

/// A crowd of viewers who wait for the same part of a window of ten minutes.
@Suite struct CrowdTests {
    @Test func `a part wakes 10,000 viewers with one document`() async throws {
        let channel = StreamChannel(window: LiveWindow.Configuration())
        let clock = ManualClock()
        for event in try SampleWindow.events(to: 316) { channel.apply(event, at: clock.now()) }
        let place = PlaylistPlace(sequence: 317, part: 0)
        let kind = RenderedDocument.Kind.media(rendition: "audio", .fragmentedMP4, nil)
        let count = 10_000
        let deadline = clock.now().adding(milliseconds: 1000)
        try await withThrowingTaskGroup(of: Bytes?.self) { group in
            for index in 0..<count {
                let coding = index % 2 == 0 ? ContentCoding.identity : .gzip
                group.addTask {
                    let outcome = await channel.wait(
                        for: .playlist(place, kind, coding), of: "audio", until: deadline)
                    guard case .came(let document?) = outcome else { return nil }
                    return document.representation(.init(coding: coding, caching: .satisfied))?.body[0]
                }
            }
            try await eventually("all wait") { channel.heldCount == count }
            channel.apply(.part(SampleWindow.part(0, of: 317)), at: clock.now())
            #expect(channel.heldCount == 0)
            var bodies: [Bytes] = []
            for try await body in group { bodies.append(try #require(body)) }
            #expect(bodies.count == count)
            let plain = try #require(bodies.first { $0[0] != 0x1F })
            let compressed = try #require(bodies.first { $0[0] == 0x1F })
            #expect(bodies.allSatisfy { $0.sharesMemory(with: plain) || $0.sharesMemory(with: compressed) })
        }
    }

    @Test func `beyond the maximum nobody is held`() async throws {
        var held = HeldRequests<StreamChannel.Wish, Int>(countMax: DeliveryLimits.heldRequestsPerRenditionMax)
        let clock = ManualClock()
        for id in 0..<DeliveryLimits.heldRequestsPerRenditionMax {
            let wish = StreamChannel.Wish.part(PlaylistPlace(sequence: 1, part: id % 8))
            let isHeld = held.hold(UInt64(id), for: wish, until: clock.now(), id)
            #expect(isHeld)
        }
        let isHeld = held.hold(.max, for: .part(PlaylistPlace(sequence: 1, part: 0)), until: clock.now(), -1)
        #expect(!isHeld)
    }

    /// A rendition that is shed goes on with gaps: whoever still waits for it is told so with the others' parts.
    @Test func `a rendition that was shed keeps its playlist, and nobody waits for it in vain`() async throws {
        let channel = StreamChannel(window: LiveWindow.Configuration())
        let clock = ManualClock()
        for event in try SampleWindow.ladder() { channel.apply(event, at: clock.now()) }
        let shed = RenderedDocument.Kind.media(rendition: "1080p", .fragmentedMP4, nil)
        async let waiting = channel.wait(
            for: .playlist(PlaylistPlace(sequence: 19, part: 0), shed, .identity), of: "1080p",
            until: clock.now().adding(milliseconds: 1000))
        try await eventually("it waits") { channel.heldCount == 1 }
        var part = SampleWindow.part(0, of: 19)
        part.rendition = "480p"
        channel.apply(.part(part), at: clock.now())
        guard case .came(let document?) = await waiting else {
            Issue.record("not woken")
            return
        }
        let form = RenderedDocument.Form(coding: .identity, caching: .satisfied)
        #expect(document.representation(form)?.body[0].string.contains("GAP=YES") == true)
        let next = PlaylistPlace(sequence: 19, part: 1)
        #expect(channel.progress(of: "1080p", at: next, at: clock.now()) == .tooFarAhead, "nothing comes there")
        #expect(channel.standing(of: 19, in: "1080p", at: clock.now()) == .settled)
    }
}
