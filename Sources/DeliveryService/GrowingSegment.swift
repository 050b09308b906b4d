import Bytes
import HTTP
import Packaging
import StreamingCore

/// A segment that is sent while it is made, one write for each part: what LL-DASH players play from.
///
/// A viewer costs no memory but the part that is on its way to it, which is the same buffers for all.
struct GrowingSegment: Sendable {
    /// Why a body breaks off. The connection does too, so that neither a player nor a cache takes what it has for the
    /// whole.
    enum Failure: Error {
        /// No part came in ``DeliveryLimits/unfinishedSegmentMilliseconds``.
        case stalled(rendition: String, number: Int64, part: Int)
        /// A part that was announced is not in the store: the viewer was too slow.
        case partLost(rendition: String, number: Int64, part: Int)
    }

    let stream: StreamID
    let rendition: String
    let number: Int64
    let channel: StreamChannel
    let service: DeliveryService

    /// - Parameter empty: The answer that the finished segment will have, without its bytes.
    /// - Returns: What the finished segment would be answered, but always from the beginning: a range of something
    ///   without a length cannot be named.
    func response(to request: HTTPRequest, as empty: HTTPRepresentation) -> HTTPResponse {
        var request = request
        request.fields.remove("range")
        var response = empty.response(to: request)
        guard response.status == .ok else { return response }
        response.fields.set("accept-ranges", "none")
        response.body = .stream(length: nil) { writer in try await send(to: writer) }
        return response
    }

    /// Writes the parts that there are, and each further one as it comes.
    private func send(to writer: any HTTPBodyWriter) async throws {
        var part = 0
        while true {
            let place = PlaylistPlace(sequence: number, part: part)
            switch channel.progress(of: rendition, at: place, at: service.clock.now()) {
            case .made:
                let isFresh = channel.isFresh(number, in: rendition)
                guard
                    let buffers = try await service.part(
                        part, of: number, in: rendition, of: stream, isAnnounced: isFresh)
                else {
                    throw Failure.partLost(rendition: rendition, number: number, part: part)
                }
                try await writer.write(whole(buffers))
                part += 1
            case .absent, .unlisted:
                // The segment is complete. Or it never will be, and then this is all that its name will ever stand for.
                return
            // A rendition that the broadcast has just lost may still have its last segment finished.
            case .awaited, .tooFarAhead:
                let patience = DeliveryLimits.unfinishedSegmentMilliseconds
                let deadline = service.clock.now().adding(milliseconds: patience)
                switch await channel.wait(for: .part(place), of: rendition, until: deadline) {
                case .came: continue
                case .cancelled: throw CancellationError()
                case .timedOut, .refused: throw Failure.stalled(rendition: rendition, number: number, part: part)
                }
            }
        }
    }

    /// A part as one value, so that it leaves as one chunk. The packager makes it so; a store may keep it in pieces.
    private func whole(_ buffers: [Bytes]) -> Bytes {
        if buffers.count == 1 { return buffers[0] }
        var writer = ByteWriter(capacity: buffers.reduce(0) { $0 + $1.count })
        for buffer in buffers { writer.write(buffer) }
        return writer.finish()
    }
}
