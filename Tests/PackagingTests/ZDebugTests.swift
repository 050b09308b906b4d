import Media
import Packaging
import Testing
@Suite struct ZDebugTests {
    static func show(_ title: String, _ frames: [Frame]) {
        var studio = Studio()
        studio.append(frames)
        studio.append(.ended)
        print("###", title, studio.targets.map(\.durationSeconds))
        for run in studio.runs { print("### run", run.number, run.discontinuitySequence, run.startMilliseconds, run.renditions.map(\.name)) }
        for name in ["source", "audio"] {
            for s in studio.segments(name) {
                print("###", name, s.number, s.run, s.startTime.milliseconds, s.endTime.milliseconds, s.isGap ? "GAP" : s.isIndependent ? "" : "P", s.frameCount)
            }
        }
    }
    @Test func debug() {
        for lag in [0.0, 400, -400] {
            Self.show("both 5700 1100 \(lag)", HoleTests.frames(without: [.video, .audio], from: 5_700, to: 6_800, script: FrameScript(audioLag: lag)))
        }
        Self.show("audio 3000 5990", HoleTests.frames(without: [.audio], from: 5_990, to: 8_990))
        Self.show("audio 4900 4000", HoleTests.frames(without: [.audio], from: 4_000, to: 8_900))
        Self.show("video 3000 5990", HoleTests.frames(without: [.video], from: 5_990, to: 8_990))
        Self.show("video 4900 4000", HoleTests.frames(without: [.video], from: 4_000, to: 8_900))
        Self.show("video 2500 5300", HoleTests.frames(without: [.video], from: 5_300, to: 7_800))
    }
}
