import Dispatch
import StreamingCore

/// A few threads for calls that block on a disk, so that no event loop and no cooperative thread does.
///
/// The work of one stream runs in the order in which it was given. What waits is as much as there are tasks that wait.
struct FileThreads: Sendable {
    private let queues = (0..<2).map { DispatchQueue(label: "sluice.files.\($0)") }

    func run<Value: Sendable, Failure: Error>(
        for stream: StreamID, _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let queue = queues[Int(UInt(bitPattern: stream.hashValue) % UInt(queues.count))]
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async {
                let result: Result<Value, Failure>
                do throws(Failure) {
                    result = .success(try work())
                } catch {
                    result = .failure(error)
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }
}
