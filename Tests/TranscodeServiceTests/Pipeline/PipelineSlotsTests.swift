import Media
import Testing

@testable import TranscodeService

@Suite struct PipelineSlotsTests {
    @Test func `entries come out in their order whoever is first`() async {
        let slots = PipelineSlots()
        slots.decide(.encode)
        var places: [Int] = []
        for _ in 0..<3 { places.append(await slots.append(.control(.interrupted), waitingFor: ["a", "b"])) }
        for place in places.reversed() { slots.post([], of: "b", for: place) }
        for place in places.reversed() { slots.post([.sound([])], of: "a", for: place) }
        slots.close()
        for _ in 0..<3 {
            let merged = await slots.next()
            #expect(merged?.outputs.map(\.rung) == ["a", "b"])
        }
        #expect(await slots.next() == nil)
    }

    @Test func `the feeder waits while the pipeline is full`() async {
        let slots = PipelineSlots()
        slots.decide(.encode)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<PipelineSlots.entriesMax * 3 { _ = await slots.append(.control(.interrupted)) }
                slots.close()
            }
            var taken = 0
            while await slots.next() != nil {
                taken += 1
                #expect(slots.count <= PipelineSlots.entriesMax)
            }
            #expect(taken == PipelineSlots.entriesMax * 3)
        }
    }

    @Test func `entries are held until it is decided, and those before are not`() async {
        let slots = PipelineSlots()
        slots.decide(.encode)
        _ = await slots.append(.control(.interrupted))
        slots.holdUntilDecided()
        _ = await slots.append(.control(.ended))
        #expect(await slots.next() != nil)
        async let held = slots.next()
        slots.decide(.copy)
        #expect(await held?.decision == .copy)
    }

    @Test func `what stages have abandoned passes as it is`() async {
        let slots = PipelineSlots()
        slots.decide(.encode)
        _ = await slots.append(.control(.interrupted), waitingFor: ["a"])
        #expect(slots.stall != nil)
        slots.abandon()
        #expect(await slots.next()?.outputs.isEmpty == true)
        _ = await slots.append(.control(.ended), waitingFor: ["a"])
        #expect(await slots.next()?.outputs.isEmpty == true)
        #expect(slots.stall == nil)
    }
}
