/// Something that lives as long as the process: it runs until it is cancelled, and cancellation is its shutdown.
public protocol Service: Sendable {
    /// The name in logs.
    var name: String { get }

    /// Runs until cancelled, then ends in order and returns. Throwing ends the whole process.
    func run() async throws
}
