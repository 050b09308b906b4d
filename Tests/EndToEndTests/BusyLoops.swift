import Foundation
import TestKit

/// Programs that take as much of the machine as they get, and end by themselves in the worst case.
struct BusyLoops {
    private let children: [ChildProcess]

    init(count: Int, in directory: URL) throws {
        children = try (0..<count).map { _ in
            try ChildProcess(["timeout", "60", "sh", "-c", "while :; do :; done"], in: directory)
        }
    }

    func end() async throws { for child in children { try await child.stop() } }
}
