import Foundation
import TestKit
import Testing

/// The WebSocket server against strangers; the script says which.
@Suite(.timeLimit(.minutes(4))) struct WebSocketConformanceTests {
    /// Built beside the tests.
    private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "websocket-echo")

    /// About seven seconds, and once some more to install what the script needs.
    @Test func `every Autobahn case passes, and an independent client is content`() async throws {
        let directory = try TemporaryDirectory()
        let script = SluiceProcess.root.appending(path: "scripts/websocket-conformance.sh")
        let run = try await ChildProcess.run([script.path, Self.program.path], in: directory.url, seconds: 200)
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("Autobahn cases"))
    }
}
