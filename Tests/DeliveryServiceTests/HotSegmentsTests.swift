import Bytes
import HTTP
import StreamingCore
import TestKit
import Testing

@testable import DeliveryService

@Suite struct HotSegmentsTests {
    private func representation(bytes: Int) -> HTTPRepresentation {
        HTTPRepresentation(
            body: [Bytes([UInt8](repeating: 1, count: bytes))], contentType: MediaType.videoMP4, etag: nil,
            lastModifiedUnixSeconds: nil, cacheControl: nil)
    }

    @Test func `an answer is hot for a moment and then asked for again`() {
        let (hot, clock) = (HotSegments(), ManualClock())
        hot.keep(representation(bytes: 10), for: "/a", at: clock.now())
        #expect(hot.find("/a", at: clock.now())?.representation.length == 10)
        #expect(hot.find("/b", at: clock.now()) == nil)
        clock.advance(milliseconds: DeliveryLimits.hotMilliseconds)
        #expect(hot.find("/a", at: clock.now()) == nil)
    }

    @Test func `answers beyond the bounds are served and not kept, until others have cooled`() {
        let (hot, clock) = (HotSegments(), ManualClock())
        hot.keep(representation(bytes: DeliveryLimits.hotBytesMax), for: "/large", at: clock.now())
        hot.keep(representation(bytes: 1), for: "/small", at: clock.now())
        #expect(hot.find("/small", at: clock.now()) == nil)
        clock.advance(milliseconds: DeliveryLimits.hotMilliseconds)
        hot.keep(representation(bytes: 1), for: "/small", at: clock.now())
        #expect(hot.find("/small", at: clock.now()) != nil)
        for index in 0..<DeliveryLimits.hotSegmentsMax * 2 {
            hot.keep(representation(bytes: 1), for: "/\(index)", at: clock.now())
        }
        #expect(hot.find("/\(DeliveryLimits.hotSegmentsMax * 2 - 1)", at: clock.now()) == nil)
    }

    @Test func `the same path again replaces what was kept and counts once`() {
        let (hot, clock) = (HotSegments(), ManualClock())
        for _ in 0..<3 {
            clock.advance(milliseconds: DeliveryLimits.hotMilliseconds)
            hot.keep(representation(bytes: DeliveryLimits.hotBytesMax), for: "/a", at: clock.now())
            #expect(hot.find("/a", at: clock.now()) != nil)
        }
    }
}
