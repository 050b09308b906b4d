import HTTP
import StreamingCore
import Synchronization

/// A viewer of a stream, whose requests may come over several connections and event loops.
final class Viewer: HTTPBodyReceipt {
    let stream: StreamID
    let record: Mutex<PlaybackRecord>

    init(_ record: PlaybackRecord, of stream: StreamID) {
        self.stream = stream
        self.record = Mutex(record)
    }

    func bytesNotSent(_ count: Int) { record.withLock { $0.notSent(count) } }
}
