import Media
import StreamingCore
import Synchronization

@testable import KafkaBackend

/// What a follower saw. What was not committed may come again; the positions tell.
final class SeenEntries: Sendable {
    private let known = Mutex<Set<String>>([])
    let entries = Mutex<[(stream: StreamID, position: Int64, lost: Int, entry: BroadcastEntry)]>([])
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(_ cluster: KafkaCluster, pause: Duration? = nil) {
        let task = Task {
            await cluster.frames.follow { reader in
                while let batch = await reader.next() {
                    self.add(batch, of: reader.stream)
                    if let pause { try? await Task.sleep(for: pause) }
                }
            }
        }
        self.task.withLock { $0 = task }
    }

    private func add(_ batch: FrameLogBatch, of stream: StreamID) {
        for (index, entry) in batch.entries.enumerated() {
            let position = batch.firstPosition + Int64(index)
            guard known.withLock({ $0.insert("\(stream) \(position)").inserted }) else { continue }
            let lost = index == 0 ? batch.lostEntries : 0
            entries.withLock { $0.append((stream, position, lost, entry)) }
        }
    }

    func labels(of stream: StreamID) -> [String] {
        entries.withLock { $0.filter { $0.stream == stream }.map(\.entry.label) }
    }

    func end() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
    }
}
