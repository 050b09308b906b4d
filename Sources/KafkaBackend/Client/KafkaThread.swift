internal import CKafka
internal import Glibc

/// Starts threads of our own for calls that block: neither an event loop nor the cooperative pool ever makes one.
///
/// Unsafe code: what a thread is to do is handed to `pthread_create` as a pointer that owns one reference, taken back
/// by the new thread at once.
enum KafkaThread {
    /// - Parameters:
    ///   - name: As `top -H` shows it, 15 bytes at most.
    ///   - body: Runs once; the thread ends with it.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(ThreadBody(name: name, body)).toOpaque()
        let code = unsafe pthread_create(&thread, nil, runThread, context)
        precondition(code == 0, "a thread cannot be made: errno \(code)")
        pthread_detach(thread)
    }

    /// Has the calling thread let time pass.
    static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1000) }
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, _ run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

/// The thread's own beginning. `context` is the retained object of `KafkaThread.start`.
private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let body = unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
    // A thread without a name works as well.
    _ = unsafe sluice_kafka_name_thread(body.name)
    body.run()
    return nil
}
