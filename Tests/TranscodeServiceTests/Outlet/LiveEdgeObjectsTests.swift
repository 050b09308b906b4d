import Bytes
import Packaging
import Testing

@testable import TranscodeService

@Suite struct LiveEdgeObjectsTests {
    private func object(_ kind: StoredObject.Kind, _ name: String, byteCount: Int = 1) -> StoredObject {
        StoredObject(kind: kind, name: name, chunks: [Bytes([UInt8](repeating: 7, count: byteCount))])
    }

    private func part(_ number: Int, of segment: Int, in rendition: String = "720p", byteCount: Int = 1) -> StoredObject
    {
        object(.part, "\(rendition)/segment-\(segment).\(number).m4s", byteCount: byteCount)
    }

    private func segment(_ number: Int, in rendition: String = "720p", byteCount: Int = 1) -> StoredObject {
        object(.segment, "\(rendition)/segment-\(number).m4s", byteCount: byteCount)
    }

    @Test func `the open segment of each rendition and the two before it are kept`() {
        var edge = LiveEdgeObjects()
        edge.keep(object(.initialization, "720p/init-1.mp4"))
        edge.keep(object(.thumbnail, "thumbnail-1.jpg"))
        for number in 1...6 {
            for rendition in ["720p", "audio"] {
                for index in 0..<2 { edge.keep(part(index, of: number, in: rendition)) }
                if number < 6 { edge.keep(segment(number, in: rendition)) }
            }
        }
        let names = edge.objects.map(\.name)
        #expect(names.first == "720p/init-1.mp4", "nothing plays without it")
        let video = names.filter { $0.hasPrefix("720p/seg") }
        #expect(
            video == [
                "720p/segment-6.0.m4s", "720p/segment-6.1.m4s", "720p/segment-5.0.m4s", "720p/segment-5.1.m4s",
                "720p/segment-5.m4s", "720p/segment-4.0.m4s", "720p/segment-4.1.m4s", "720p/segment-4.m4s",
            ])
        #expect(names.filter { $0.hasPrefix("audio/seg") }.count == 8)
        #expect(names.count == 17)
    }

    @Test func `what stands takes the place of what was made`() {
        var edge = LiveEdgeObjects()
        edge.keep(part(0, of: 1))
        edge.keep(part(1, of: 1))
        #expect(edge.parts(of: "720p/segment-1.m4s")?.map(\.count) == [1, 1])
        edge.keep(part(0, of: 1, byteCount: 5))
        #expect(edge.parts(of: "720p/segment-1.m4s")?.map(\.count) == [5, 1])
        #expect(edge.parts(of: "720p/segment-2.m4s") == nil)
        edge.keep(segment(2))
        #expect(edge.parts(of: "720p/segment-2.m4s") == nil, "it has no parts")
    }

    @Test func `beyond the bytes the oldest segments go, but one of each rendition stays`() {
        var edge = LiveEdgeObjects()
        let third = LiveEdgeObjects.bytesMax / 3
        for number in 1...3 { edge.keep(segment(number, byteCount: third)) }
        #expect(edge.objects.count == 3)
        edge.keep(segment(3, in: "480p", byteCount: third))
        #expect(edge.objects.map(\.name) == ["480p/segment-3.m4s", "720p/segment-3.m4s", "720p/segment-2.m4s"])
        edge.keep(segment(4, in: "480p", byteCount: LiveEdgeObjects.bytesMax))
        #expect(edge.objects.map(\.name) == ["480p/segment-4.m4s", "720p/segment-3.m4s"])
    }

    /// They are the same memory.
    @Test func `a segment is not counted beside its parts`() {
        var edge = LiveEdgeObjects()
        for number in 1...3 {
            edge.keep(part(0, of: number, byteCount: LiveEdgeObjects.bytesMax / 3))
            edge.keep(segment(number, byteCount: LiveEdgeObjects.bytesMax / 3))
        }
        #expect(edge.objects.count == 6)
    }

    @Test func `initialisation segments are bounded`() {
        var edge = LiveEdgeObjects()
        for number in 0..<100 { edge.keep(object(.initialization, "720p/init-\(number).mp4")) }
        #expect(edge.objects.count == LiveEdgeObjects.initializationsMax)
        #expect(edge.objects.last?.name == "720p/init-99.mp4")
        edge.keep(object(.initialization, "720p/init-80.mp4"))
        #expect(edge.objects.count == LiveEdgeObjects.initializationsMax)
    }
}
