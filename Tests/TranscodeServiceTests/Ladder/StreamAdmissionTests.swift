import Testing

@testable import TranscodeService

@Suite struct StreamAdmissionTests {
    @Test(
        arguments: [
            ([], nil, 2.0, true), ([0.5, 0.5], nil, 2, true), ([1.2, 0.8], nil, 2, false), ([3], nil, 2, false),
            ([0.1, 0.1], 2, 2, false), ([0.1], 2, 2, true), ([], 0, 2, false), ([], nil, 0, true), ([0], nil, 0, false),
            ([.nan], nil, 2, false), ([.infinity, 0.1], nil, 2, false), ([-5, 1], nil, 2, true),
            ([-5, 2], nil, 2, false),
        ] as [([Double], Int?, Double, Bool)])
    func `a stream is taken while there is room`(loads: [Double], streamsMax: Int?, loadMax: Double, isTaken: Bool) {
        let admission = StreamAdmission.admit(currentLoads: loads, streamsMax: streamsMax, loadMax: loadMax)
        #expect((admission == .accepted) == isTaken)
    }

    @Test func `a refusal says why`() {
        #expect(
            StreamAdmission.admit(currentLoads: [1.5, 0.409], streamsMax: 5, loadMax: 1.9)
                == .refused(reason: "this worker has a load of 1.90, and 1.90 at the most"))
        #expect(
            StreamAdmission.admit(currentLoads: [0, 0], streamsMax: 2, loadMax: 1.9)
                == .refused(reason: "this worker transcodes 2 streams, and 2 at the most"))
        #expect(
            StreamAdmission.admit(currentLoads: [1e300], streamsMax: nil, loadMax: 2)
                == .refused(reason: "this worker has a load of 10000000.00, and 2.00 at the most"))
    }
}
