import Foundation

/// What a test waited for and did not get.
public struct NeverHappened: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}

/// Waits until a condition holds: tests wait for what they need, not for a time.
///
/// - Parameters:
///   - what: What is waited for, for the failure.
///   - within: When to give up. Generous: it is only met when the test fails.
public func eventually(
    _ what: String, within seconds: Double = 60, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
        if try await condition() { return }
        guard ContinuousClock.now < deadline else {
            throw NeverHappened(description: "within \(seconds) s it did not happen that \(what)")
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}
