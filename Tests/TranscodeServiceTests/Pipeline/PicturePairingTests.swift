import Testing

@testable import TranscodeService

@Suite struct PicturePairingTests {
    private func unit(_ slot: Int, at time: Int64, isKeyframe: Bool = false) -> PicturePairing.Unit {
        PicturePairing.Unit(slot: slot, presentationTime: time, isKeyframe: isKeyframe)
    }

    /// I P B B P B B I as decoded, and as shown.
    private let reordered: [(slot: Int, time: Int64, isKeyframe: Bool)] = [
        (0, 0, true), (1, 3, false), (2, 1, false), (3, 2, false), (4, 6, false), (5, 4, false), (6, 5, false),
        (7, 7, true),
    ]

    @Test func `pictures take the places in their own order and a key frame its own`() {
        var pairing = PicturePairing()
        for unit in reordered {
            #expect(pairing.submitted(self.unit(unit.slot, at: unit.time, isKeyframe: unit.isKeyframe)).isEmpty)
        }
        for time in Int64(0)...7 {
            let match = pairing.pictureCame(at: time)
            #expect(match == .init(slot: Int(time), isKeyframe: time == 0 || time == 7, lost: []))
        }
    }

    @Test(arguments: 1...6) func `a picture that never comes gives a place up and the next key frame keeps its own`(
        missing: Int64
    ) {
        var pairing = PicturePairing()
        for unit in reordered {
            _ = pairing.submitted(self.unit(unit.slot, at: unit.time, isKeyframe: unit.isKeyframe))
        }
        var used: [Int] = []
        var lost: [Int] = []
        for time in Int64(0)...7 where time != missing {
            let match = pairing.pictureCame(at: time)
            lost += match.lost
            if let slot = match.slot { used.append(slot) }
            if time == 7 { #expect(match.slot == 7 && match.isKeyframe) }
        }
        #expect(lost.count == 1)
        #expect((used + lost).sorted() == Array(0...7), "every place is answered once")
    }

    @Test func `a picture of no unit has no place`() {
        var pairing = PicturePairing()
        _ = pairing.submitted(unit(0, at: 10))
        #expect(pairing.pictureCame(at: 11) == .init())
        #expect(pairing.pictureCame(at: 10).slot == 0)
        #expect(pairing.pictureCame(at: 10) == .init(), "it comes once")
    }

    @Test func `what was not shown at a flush is lost`() {
        var pairing = PicturePairing()
        for slot in 0..<5 { _ = pairing.submitted(unit(slot, at: Int64(slot))) }
        _ = pairing.pictureCame(at: 1)
        #expect(pairing.flushed() == [2, 3, 4])
        #expect(pairing.flushed().isEmpty)
    }

    @Test func `a decoder that gives nothing holds a bounded number of places`() {
        var pairing = PicturePairing()
        var lost: [Int] = []
        for slot in 0..<200 { lost += pairing.submitted(unit(slot, at: Int64(slot))) }
        #expect(lost == Array(0..<200 - PicturePairing.unitsMax))
    }
}
