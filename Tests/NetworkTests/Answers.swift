import Bytes
import HTTP
@testable import Network
import Synchronization

/// The handler of the tests.
struct Answers: HTTPHandler {
    /// Several MiB in a few buffers.
    static let large = (1...4).map { number in
        Bytes((0..<1_000_003).map { UInt8(truncatingIfNeeded: ($0 &* number) >> 3) })
    }

    /// What `/held` waits for.
    var gate = Gate()
    /// Told when a held request was cancelled.
    var cancelled = Recorder<String>()

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        switch request.path {
        case "/echo":
            return HTTPResponse(.ok, body: .shared([request.body]))
        case "/large":
            return HTTPResponse(.ok, body: .shared(Self.large))
        case "/stream":
            return HTTPResponse(
                .ok,
                body: .stream(length: nil) { writer in
                    try await writer.write(Bytes(utf8: "one"))
                    try await writer.write(Bytes())
                    // From another thread, as a handler of a later issue may.
                    try await Task.detached { try await writer.write(Bytes(utf8: "two")) }.value
                })
        case "/short":
            return HTTPResponse(
                .ok, body: .stream(length: 100) { writer in try await writer.write(Bytes(utf8: "only this")) })
        case "/endless":
            return HTTPResponse(
                .ok,
                body: .stream(length: nil) { [cancelled] writer in
                    let piece = Bytes([UInt8](repeating: 1, count: 16 * 1024))
                    do {
                        while true { try await writer.write(piece) }
                    } catch {
                        cancelled.record(request.path)
                        throw error
                    }
                })
        case "/held":
            do { try await gate.wait() } catch { cancelled.record(request.path) }
            return HTTPResponse(.ok, body: .shared([Bytes(utf8: "hello \(request.path)")]))
        default:
            return HTTPResponse(.ok, body: .shared([Bytes(utf8: "hello \(request.path)")]))
        }
    }
}

/// Holds whoever waits until it is opened.
final class Gate: Sendable {
    private let isOpen = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func wait() async throws {
        while !isOpen.withLock({ $0 }) { try await Loopback.client.sleep(for: .milliseconds(1)) }
    }
}
