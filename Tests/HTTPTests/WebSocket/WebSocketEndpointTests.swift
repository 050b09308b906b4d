import Bytes
@testable import HTTP
import Testing

@Suite struct WebSocketEndpointTests {
    private func steps(_ endpoint: inout WebSocketEndpoint) -> [String] {
        var steps: [String] = []
        while let step = endpoint.next() {
            switch step {
            case .message(.text(let bytes)): steps.append("text \(bytes.string)")
            case .message(.binary(let bytes)): steps.append("binary \(bytes.count)")
            case .answer(let frame): steps.append("answer \(frame.array)")
            case .pong: steps.append("pong")
            case .end(let end, let last): steps.append("\(end) \(last?.array ?? [])")
            }
        }
        return steps
    }

    private func steps(behind frames: [Bytes]) -> [String] {
        var endpoint = WebSocketEndpoint()
        for frame in frames { endpoint.receive(frame) }
        return steps(&endpoint)
    }

    @Test func `a ping is answered with its own payload`() {
        let frames = [WebSocketHarness.frame(0x89, [1, 2]), WebSocketHarness.frame(0x8A, [3])]
        #expect(steps(behind: frames) == ["answer [138, 2, 1, 2]", "pong"])
    }

    @Test func `a goodbye is answered with its code, and nothing behind it counts`() {
        let frames = [
            WebSocketHarness.frame(0x81, [97]), WebSocketHarness.frame(0x88, [0x03, 0xE9, 98]),
            WebSocketHarness.frame(0x81, [98]),
        ]
        let peer = WebSocketEnd.closedByPeer(WebSocketClose(.goingAway, "b"))
        #expect(steps(behind: frames) == ["text a", "\(peer) [136, 2, 3, 233]"])
        #expect(steps(behind: [WebSocketHarness.frame(0x88)]) == ["\(WebSocketEnd.closedByPeer(nil)) [136, 0]"])
    }

    @Test func `behind our goodbye only the peer's counts`() {
        var endpoint = WebSocketEndpoint()
        let goodbye = endpoint.close(WebSocketClose(.normal))
        #expect(goodbye?.array == [0x88, 2, 0x03, 0xE8])
        let again = endpoint.close(WebSocketClose(.normal))
        #expect(again == nil)
        #expect((endpoint.isOpen, endpoint.hasEnded) == (false, false))
        endpoint.receive(WebSocketHarness.frame(0x81, [97]))
        endpoint.receive(WebSocketHarness.frame(0x89))
        #expect(steps(&endpoint) == [])
        endpoint.receive(WebSocketHarness.frame(0x88, [0x03, 0xE8]))
        #expect(steps(&endpoint) == ["closed []"])
        #expect(endpoint.hasEnded == true)
        endpoint.receive(WebSocketHarness.frame(0x81, [97]))
        #expect(steps(&endpoint) == [])
    }

    @Test func `a mistake is told once, with its code`() {
        let failed = WebSocketEnd.failed(.textInvalid)
        #expect(steps(behind: [WebSocketHarness.frame(0x81, [0xFF])]) == ["\(failed) [136, 2, 3, 239]"])
        var endpoint = WebSocketEndpoint()
        _ = endpoint.close(WebSocketClose(.normal))
        endpoint.receive(WebSocketHarness.frame(0x81, [0xFF]))
        #expect(steps(&endpoint) == ["\(failed) []"])
        let again = endpoint.close(WebSocketClose(.normal))
        #expect(again == nil)
    }

    @Test func `it knows when something is half here`() {
        var endpoint = WebSocketEndpoint()
        #expect(endpoint.isWithinMessage == false)
        let frame = WebSocketHarness.frame(0x01, [97, 98])
        for length in 1..<frame.count {
            var endpoint = WebSocketEndpoint()
            endpoint.receive(frame.prefix(length))
            #expect(steps(&endpoint) == [])
            #expect(endpoint.isWithinMessage == true)
        }
        endpoint.receive(frame)
        #expect(steps(&endpoint) == [])
        #expect(endpoint.isWithinMessage == true)
        endpoint.receive(WebSocketHarness.frame(0x80))
        #expect(steps(&endpoint) == ["text ab"])
        #expect(endpoint.isWithinMessage == false)
    }
}
