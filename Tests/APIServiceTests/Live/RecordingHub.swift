import Bytes
import Foundation
import HTTP
import StreamingCore
import Synchronization

@testable import APIService

/// Remembers what was published, and what a page would get that opens now.
final class RecordingHub: WebSocketAudience {
    private struct State {
        var published: [(topic: LiveTopic, message: [String: Any])] = []
        var snapshots: [LiveTopic: [[String: Any]]] = [:]
        var ended: [LiveTopic] = []
        var isListenedTo = true
    }

    private let state = Mutex(State())

    func publish(_ frame: Bytes, to topic: LiveTopic, snapshot: [Bytes]?) {
        state.withLock { state in
            state.published.append((topic, Self.message(in: frame)))
            if let snapshot { state.snapshots[topic] = snapshot.map(Self.message) }
        }
    }

    func forget(_ topic: LiveTopic) { state.withLock { $0.snapshots[topic] = nil } }

    func end(_ topic: LiveTopic, _ close: WebSocketClose) { state.withLock { $0.ended.append(topic) } }

    func count(of topic: LiveTopic) -> Int { state.withLock { $0.isListenedTo ? 1 : 0 } }

    /// Pages open, or the last one closes.
    func isListenedTo(_ isListenedTo: Bool) { state.withLock { $0.isListenedTo = isListenedTo } }

    func attend(
        _ topic: LiveTopic, _ channel: any WebSocketChannel, initial: [Bytes],
        heard: @Sendable (WebSocketMessage) async throws -> Void
    ) async throws {}

    /// The types of the messages on a topic, in order.
    func types(on topic: LiveTopic) -> [String] {
        state.withLock { $0.published.filter { $0.topic == topic }.map { $0.message["type"] as? String ?? "" } }
    }

    /// The `data` of the newest message of a type.
    func newest(_ type: String, on topic: LiveTopic) -> NSDictionary? {
        state.withLock { state in
            let found = state.published.last { $0.topic == topic && $0.message["type"] as? String == type }
            return (found?.message["data"] as? [String: Any]).map(NSDictionary.init)
        }
    }

    func snapshotTypes(of topic: LiveTopic) -> [String] {
        state.withLock { ($0.snapshots[topic] ?? []).map { $0["type"] as? String ?? "" } }
    }

    /// When the messages of a type were written that a page would get that opens now.
    func snapshotTimes(of type: String, on topic: LiveTopic) -> [String] {
        state.withLock { state in
            (state.snapshots[topic] ?? []).filter { $0["type"] as? String == type }.map { $0["at"] as? String ?? "" }
        }
    }

    func hasEnded(_ topic: LiveTopic) -> Bool { state.withLock { $0.ended.contains(topic) } }

    /// A frame of a server has two, four or ten bytes before its text.
    private static func message(in frame: Bytes) -> [String: Any] {
        let head = frame[1] < 126 ? 2 : frame[1] == 126 ? 4 : 10
        let text = Data(frame[head..<frame.count].array)
        return (try? JSONSerialization.jsonObject(with: text)) as? [String: Any] ?? [:]
    }
}

/// Gives followers what a test says.
final class ScriptedReportLog: ReportLog {
    private let (stream, continuation) = AsyncStream.makeStream(of: (StreamID, StreamReport).self)

    func append(_ report: StreamReport, for stream: StreamID) { continuation.yield((stream, report)) }

    func follow(_ receive: @escaping @Sendable (StreamID, StreamReport) -> Void) async {
        for await (stream, report) in stream { receive(stream, report) }
    }
}
