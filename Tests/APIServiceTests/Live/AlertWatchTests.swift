import StreamingCore
import Testing

@testable import APIService

@Suite struct AlertWatchTests {
    private let bad = StreamHealth(recent: [], transcoding: nil)
    private let good = StreamHealth(
        recent: [
            StreamMetrics(
                streamID: StreamID(at: WallTime(unixMilliseconds: 0)), at: WallTime(unixMilliseconds: 0),
                source: SourceHealth())
        ], transcoding: nil)

    private func changes(_ seconds: [Bool]) -> [[AlertWatch.Change]] {
        var watch = AlertWatch()
        return seconds.map { watch.secondPassed($0 ? good : bad) }
    }

    @Test func `what lasts for three seconds is told once`() {
        let told = changes(Array(repeating: false, count: 10))
        #expect(told.map(\.count) == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `what lasts for less is not`() {
        let told = changes([false, false, true, false, false, true]).flatMap { $0 }
        #expect(told.isEmpty)
    }

    @Test func `it is over when it has been right for ten seconds`() {
        let told = changes([false, false, false] + Array(repeating: true, count: 10))
        #expect(told.last == [.ended(.noSource)])
        let again = changes([false, false, false] + Array(repeating: true, count: 9) + [false, true])
        #expect(again.joined().count == 1)
    }
}
