import Bytes
import Media
import StreamingCore
import Testing

@testable import IngestService

/// The life of a broadcast, told in facts.
@Suite struct BroadcastStateMachineTests {
    static let start = WallTime(unixMilliseconds: 1_800_000_000_000)

    private func machine(grace: Int64 = 15_000) -> Broadcast.StateMachine {
        Broadcast.StateMachine(
            origin: BroadcastOrigin(
                unixMilliseconds: Self.start.unixMilliseconds, firstSegmentNumber: 1, firstDiscontinuitySequence: 0),
            graceMilliseconds: grace)
    }

    private func later(_ milliseconds: Int64) -> WallTime { Self.start.adding(milliseconds: milliseconds) }

    private func isAppended(_ action: Broadcast.StateMachine.FrameAction) -> Bool {
        if case .append = action { true } else { false }
    }

    private func isRefused(_ action: Broadcast.StateMachine.FrameAction) -> Bool {
        if case .refuse = action { true } else { false }
    }

    @Test func `the newest connection owns the stream, and the old one's frames are refused`() throws {
        var machine = machine()
        let audio = try AudioFrames()
        #expect(machine.connectionArrived(1) == .publish(displaced: nil, isResumption: false))
        #expect(isAppended(machine.frameReceived(audio.frame(0), from: 1, at: Self.start)))
        #expect(machine.connectionArrived(2) == .publish(displaced: 1, isResumption: false))
        #expect(isRefused(machine.frameReceived(audio.frame(1), from: 1, at: later(21))))
        #expect(machine.connectionLost(1, isDeliberate: false, at: later(30)) == .ignore)
        #expect(isAppended(machine.frameReceived(audio.frame(0), from: 2, at: later(40))))
    }

    @Test func `a return within the grace time continues behind a discontinuity`() throws {
        var machine = machine()
        let audio = try AudioFrames()
        _ = machine.connectionArrived(1)
        _ = machine.frameReceived(audio.frame(0), from: 1, at: Self.start)
        #expect(machine.connectionLost(1, isDeliberate: false, at: later(100)) == .interrupt)
        #expect(machine.timePassed(later(15_099)) == false)
        #expect(machine.connectionArrived(2) == .publish(displaced: nil, isResumption: true))
        guard case .append(let frame, let new) = machine.frameReceived(audio.frame(0), from: 2, at: later(5000)) else {
            Issue.record("the frame was not appended")
            return
        }
        #expect(new == 1)
        #expect(frame.discontinuitySequence == 1)
        #expect(frame.decodeTime >= 48_000 * 4, "the timeline goes on with the wall clock")
    }

    @Test func `without a return the broadcast ends when the grace time is over, once`() throws {
        var machine = machine()
        _ = machine.connectionArrived(1)
        _ = machine.frameReceived(try AudioFrames().frame(0), from: 1, at: Self.start)
        _ = machine.connectionLost(1, isDeliberate: false, at: Self.start)
        #expect(machine.timePassed(later(15_000)) == true)
        #expect(machine.timePassed(later(15_001)) == false)
        #expect(machine.connectionArrived(2) == .tooLate)
    }

    @Test(arguments: [(true, Int64(15_000), true), (false, 0, true), (false, 15_000, false)])
    func `a deliberate end, no grace time, or no frame at all ends at once`(
        isDeliberate: Bool, grace: Int64, hasFrame: Bool
    ) throws {
        var machine = machine(grace: grace)
        _ = machine.connectionArrived(1)
        if hasFrame { _ = machine.frameReceived(try AudioFrames().frame(0), from: 1, at: Self.start) }
        #expect(machine.connectionLost(1, isDeliberate: isDeliberate, at: later(50)) == .end)
    }

    @Test func `what is on air is handed over, with its encoder or without, and what never began is ended`() throws {
        var waiting = machine()
        #expect(waiting.handOverOrdered() == .end)
        var publishing = machine()
        _ = publishing.connectionArrived(1)
        #expect(publishing.handOverOrdered() == .handOver(displaced: 1))
        #expect(publishing.handOverOrdered() == .ignore)
        #expect(isRefused(publishing.frameReceived(try AudioFrames().frame(0), from: 1, at: Self.start)))
        #expect(publishing.connectionLost(1, isDeliberate: false, at: Self.start) == .ignore)
        #expect(publishing.connectionArrived(2) == .tooLate)
        var reconnecting = machine()
        _ = reconnecting.connectionArrived(1)
        _ = reconnecting.frameReceived(try AudioFrames().frame(0), from: 1, at: Self.start)
        _ = reconnecting.connectionLost(1, isDeliberate: false, at: Self.start)
        #expect(reconnecting.handOverOrdered() == .handOver(displaced: nil))
        #expect(reconnecting.timePassed(later(1_000_000)) == false)
    }

    @Test func `when it is over every fact is harmless`() throws {
        var machine = machine()
        _ = machine.connectionArrived(1)
        #expect(machine.endOrdered() == .end(displaced: 1))
        #expect(machine.endOrdered() == .ignore)
        #expect(machine.connectionArrived(2) == .tooLate)
        #expect(isRefused(machine.frameReceived(try AudioFrames().frame(0), from: 1, at: Self.start)))
        #expect(machine.connectionLost(1, isDeliberate: true, at: Self.start) == .ignore)
        #expect(machine.timePassed(later(1_000_000)) == false)
    }
}

/// Frames of a clean AAC encoder.
struct AudioFrames {
    private let track: Track

    init() throws { track = Track(.aac(try AACConfiguration(specificConfig: [0x11, 0x90]))) }

    func frame(_ index: Int) -> EncoderFrame {
        EncoderFrame(
            track: track, timestampMilliseconds: UInt32(index * 1024 * 1000 / 48_000), isKeyframe: true,
            payload: [0x21, 0x10, UInt8(index & 0xFF)])
    }
}
