import Bytes
@testable import HTTP
import Testing

/// The examples of RFC 6455, 5.7, and what is around them.
@Suite struct WebSocketFrameTests {
    @Test func `the examples of the specification are written`() {
        #expect(WebSocketFrame.text("Hello").array == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        let hello = WebSocketMessage.text(Bytes(utf8: "Hello"))
        #expect(
            WebSocketFrame.message(hello, mask: 0x37_FA_21_3D).array
                == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        #expect(
            WebSocketFrame.ping(Bytes(utf8: "Hello")).array == [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(
            WebSocketFrame.pong(Bytes(utf8: "Hello"), mask: 0x37_FA_21_3D).array
                == [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        let binary = Bytes([UInt8](repeating: 7, count: 256))
        #expect(WebSocketFrame.message(.binary(binary)).prefix(4).array == [0x82, 0x7E, 0x01, 0x00])
        let large = Bytes([UInt8](repeating: 7, count: 65_536))
        #expect(
            WebSocketFrame.message(.binary(large)).prefix(10).array
                == [0x82, 0x7F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00])
    }

    @Test func `the examples of the specification are read`() {
        let single = Bytes([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        #expect(WebSocketHarness.read([single]).events == [.message(.text(Bytes(utf8: "Hello")))])
        let fragmented = Bytes([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F])
        #expect(
            WebSocketHarness.read([fragmented], from: .server).events == [.message(.text(Bytes(utf8: "Hello")))])
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 100_000]) func `what is written is read as the same`(
        count: Int
    ) {
        let payload = Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0) })
        let limits = WebSocketLimits(messageBytesMax: 100_000)
        let toServer = WebSocketFrame.message(.binary(payload), mask: 0xDEAD_BEEF)
        #expect(WebSocketHarness.read([toServer], limits: limits).events == [.message(.binary(payload))])
        let toClient = WebSocketFrame.message(.binary(payload))
        #expect(WebSocketHarness.read([toClient], from: .server, limits: limits).events == [.message(.binary(payload))])
    }

    @Test func `a goodbye carries its code and what fits of its reason`() {
        #expect(WebSocketFrame.close(nil).array == [0x88, 0x00])
        #expect(WebSocketFrame.close(WebSocketClose(.goingAway, "bye")).array == [0x88, 5, 0x03, 0xE9, 98, 121, 101])
        let long = WebSocketClose(.normal, String(repeating: "ü", count: 100))
        #expect(long.reason == String(repeating: "ü", count: 61))
        #expect(WebSocketFrame.close(long).count == 2 + 2 + 122)
    }
}
