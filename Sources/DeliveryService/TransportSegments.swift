import Bytes
import Media
import Packaging
import StreamingCore
import Synchronization

/// Makes MPEG-TS segments of stored ones when somebody asks, once for all who ask at the same time, and keeps the
/// newest.
final class TransportSegments: Sendable {
    fileprivate struct Key: Hashable {
        let stream: StreamID
        let rendition: String
        let number: Int64
    }

    fileprivate typealias Outcome = Result<Bytes?, StreamError>

    fileprivate struct Guarded {
        var made: [Key: Bytes] = [:]
        /// The keys of `made`, the oldest first.
        var order: [Key] = []
        var byteCount = 0
        /// Who waits for what is being made.
        var making: [Key: [CheckedContinuation<Outcome, Never>]] = [:]
    }

    private let guarded = Mutex(Guarded())
    private let store: any SegmentStore

    init(store: any SegmentStore) { self.store = store }

    /// The segment; `nil` when what it is made from is not in the store any more.
    func segment(
        _ number: Int64, in rendition: String, of stream: StreamID, from pieces: (run: Run, segments: [Segment])
    ) async throws(StreamError) -> Bytes? {
        let key = Key(stream: stream, rendition: rendition, number: number)
        enum Decision { case known(Bytes), make, wait }
        let decision: Decision = guarded.withLock { guarded in
            if let bytes = guarded.made[key] { return .known(bytes) }
            if guarded.making[key] != nil { return .wait }
            guarded.making[key] = []
            return .make
        }
        switch decision {
        case .known(let bytes): return bytes
        case .wait: return try await join(key).get()
        case .make:
            let outcome = await make(pieces, of: stream)
            finish(key, outcome)
            return try outcome.get()
        }
    }

    /// Waits for the one who makes it, who always finishes: making does not wait for anything but the store.
    private func join(_ key: Key) async -> Outcome {
        await withCheckedContinuation { continuation in
            let known: Outcome? = guarded.withLock { guarded in
                if let bytes = guarded.made[key] { return .success(bytes) }
                guard guarded.making[key] != nil else { return .success(nil) }
                guarded.making[key]?.append(continuation)
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    private func finish(_ key: Key, _ outcome: Outcome) {
        let waiters = guarded.withLock { guarded in
            if case .success(let bytes?) = outcome { guarded.keep(bytes, as: key) }
            return guarded.making.removeValue(forKey: key) ?? []
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }

    private func make(_ pieces: (run: Run, segments: [Segment]), of stream: StreamID) async -> Outcome {
        do throws(StreamError) {
            var sources: [MediaKind: TransportStream.Source] = [:]
            for segment in pieces.segments {
                guard let rendition = pieces.run.rendition(named: segment.rendition) else { return .success(nil) }
                let name = SegmentName(stream: stream, path: segment.name)
                guard let buffers = try await store.get(name) else { return .success(nil) }
                do throws(TransportStreamFailure) {
                    sources[rendition.kind] = try TransportStream.Source(
                        track: rendition.track, segment: joined(buffers), decodeDelay: segment.decodeDelay)
                } catch { throw .transcoding(reason: "\(segment.name): \(error)") }
            }
            // A run announces the same tracks in every segment, also where one of them has a gap.
            for rendition in pieces.run.renditions where sources[rendition.kind] == nil {
                sources[rendition.kind] = TransportStream.Source(gapOf: rendition.track)
            }
            do throws(TransportStreamFailure) {
                return .success(try TransportStream.segment(video: sources[.video], audio: sources[.audio]))
            } catch { throw .transcoding(reason: "\(error)") }
        } catch {
            return .failure(error)
        }
    }

    private func joined(_ buffers: [Bytes]) -> Bytes {
        if buffers.count == 1 { return buffers[0] }
        var writer = ByteWriter(capacity: buffers.reduce(0) { $0 + $1.count })
        for buffer in buffers { writer.write(buffer) }
        return writer.finish()
    }
}

extension TransportSegments.Guarded {
    /// Keeps a segment and forgets the oldest ones beyond ``DeliveryLimits/transportBytesMax``.
    fileprivate mutating func keep(_ bytes: Bytes, as key: TransportSegments.Key) {
        made[key] = bytes
        order.append(key)
        byteCount += bytes.count
        var forgotten = 0
        while byteCount > DeliveryLimits.transportBytesMax, forgotten < order.count - 1 {
            byteCount -= made.removeValue(forKey: order[forgotten])?.count ?? 0
            forgotten += 1
        }
        order.removeFirst(forgotten)
    }
}
