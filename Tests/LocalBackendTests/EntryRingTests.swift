import Bytes
import Media
import Testing

@testable import LocalBackend

@Suite struct EntryRingTests {
    @Test func `entries keep their positions while the ring grows and wraps`() throws {
        let track = try TestEntries.audioTrack()
        var ring = EntryRing()
        var expectedStart = 0
        for number in 0..<2000 {
            ring.append(TestEntries.frame(track, Int64(number)))
            // Growing while the ring is wrapped is the case that could go wrong.
            if number % 3 == 1 {
                #expect(ring.removeFirst().label == "audio \(expectedStart) key")
                expectedStart += 1
            }
            #expect(ring.start == expectedStart && ring.end == number + 1)
            #expect(ring[ring.start].label == "audio \(ring.start) key")
            #expect(ring[number].label == "audio \(number) key")
        }
        #expect(ring.bytes == ring.count * 10)
        while ring.count > 0 { _ = ring.removeFirst() }
        #expect(ring.bytes == 0)
        #expect(ring.start == 2000)
    }
}
