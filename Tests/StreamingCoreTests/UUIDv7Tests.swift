import StreamingCore
import Testing

@Suite struct UUIDv7Tests {
    /// The example of RFC 9562, A.6.
    @Test func `the published example is made`() {
        let id = UUIDv7(
            at: WallTime(unixMilliseconds: 0x017F_22E2_79B0), random: (0xFFFF_FFFF_FFFF_FCC3, 0xD8C4_DC0C_0C07_398F))
        #expect(id.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test func `the text form is read in either case and written in small letters`() {
        let text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        #expect(UUIDv7(text)?.description == text)
        #expect(UUIDv7(text.uppercased())?.description == text)
    }

    @Test(arguments: [
        "", "017f22e2", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-58c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", "017f22e2+79b0-7cc3-98c4-dc0c0c07398f",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}", " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f-", "０17f22e2-79b0-7cc3-98c4-dc0c0c0739",
    ])
    func `what is no UUID of version 7 is refused`(text: String) {
        #expect(UUIDv7(text) == nil)
    }

    @Test func `made ids have version 7, differ, and sort by time as text`() {
        var texts: Set<String> = []
        var previous = ""
        for milliseconds in Int64(1_795_435_200_000)..<1_795_435_201_000 {
            let text = UUIDv7(at: WallTime(unixMilliseconds: milliseconds)).description
            #expect(UUIDv7(text)?.description == text)
            #expect(text > previous)
            previous = text
            texts.insert(text)
            texts.insert(UUIDv7(at: WallTime(unixMilliseconds: milliseconds)).description)
        }
        #expect(texts.count == 2000)
    }
}
