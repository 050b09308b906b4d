import StreamingCore
import Testing

@Suite struct RenditionViewersTests {
    @Test func `names stand in their order, each with its number`() {
        let viewers = RenditionViewers(["720p": 7, "480p": 5, "1080p": 0])
        #expect(viewers.names == "1080p 480p 720p")
        #expect(viewers.counts == [0, 5, 7])
        #expect((0..<4).map(viewers.count(inColumn:)) == [0, 5, 7, nil])
        #expect(RenditionViewers.names(in: viewers.names) == ["1080p", "480p", "720p"])
        #expect(RenditionViewers([:]).names == "")
        #expect(RenditionViewers.names(in: "") == [])
    }

    @Test func `of too many those with the fewest viewers are left out, of equals the last names`() {
        let many = Dictionary((1...9).map { ("r\($0)", $0 == 5 ? 9 : 1) }) { $1 }
        #expect(RenditionViewers(many).names == "r1 r2 r3 r4 r5 r6 r7 r8")
    }

    @Test(arguments: ["", "two words", "ü", "line\n", "z\0", String(repeating: "n", count: 33)])
    func `a name that no rendition can have is left out`(_ name: String) {
        #expect(RenditionViewers([name: 4, "720p": 1]) == RenditionViewers(["720p": 1]))
    }
}
