import Bytes
@testable import HTTP

/// What a reader made of a stream, in a form that can be compared.
struct WebSocketOutcome: Equatable {
    var events: [WebSocketEvent] = []
    var failure: WebSocketFailure?
}

enum WebSocketHarness {
    static let mask: UInt32 = 0x37_FA_21_3D

    /// Feeds the pieces one by one and asks for all events behind each.
    static func read(
        _ pieces: [Bytes], from sender: WebSocketRole = .client, limits: WebSocketLimits = WebSocketLimits()
    ) -> WebSocketOutcome {
        var reader = WebSocketReader(from: sender, limits: limits)
        var outcome = WebSocketOutcome()
        for piece in pieces {
            reader.receive(piece)
            do throws(WebSocketFailure) {
                while let event = try reader.next() { outcome.events.append(event) }
            } catch {
                outcome.failure = error
                return outcome
            }
        }
        return outcome
    }

    /// A client's frame with everything free to be wrong.
    static func frame(
        _ first: UInt8, _ payload: [UInt8] = [], mask: UInt32? = mask, lengthBytes: Int? = nil
    ) -> Bytes {
        var writer = ByteWriter()
        writer.write(first)
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch lengthBytes ?? (payload.count <= 125 ? 0 : payload.count <= 0xFFFF ? 2 : 8) {
        case 0: writer.write(masked | UInt8(payload.count))
        case 2:
            writer.write(masked | 126)
            writer.write(UInt16(payload.count))
        default:
            writer.write(masked | 127)
            writer.write(UInt64(payload.count))
        }
        if let mask { writer.write(mask) }
        let payload = Bytes(payload)
        writer.write(mask.map { payload.masked(with: $0) } ?? payload)
        return writer.finish()
    }

    static func joined(_ pieces: [Bytes]) -> Bytes {
        var writer = ByteWriter()
        for piece in pieces { writer.write(piece) }
        return writer.finish()
    }
}
