import Bytes
public import StreamingCore

/// The recordings that are in the bucket: what is listed can be played, and what the bucket has deleted is not listed.
public struct S3RecordingCatalog: RecordingCatalog {
    /// Recordings of a stream that are looked through: a new one every five minutes for 30 days is 8,640.
    public static let recordingsMax = 10_000
    /// Recordings that are read at a time.
    static let readsAtOnce = 6

    private let store: S3SegmentStore

    public init(_ store: S3SegmentStore) {
        self.store = store
    }

    /// Takes a list and as many reads as there are recordings in the answer.
    ///
    /// - Throws: ``StreamError/overloaded(what:)`` where there are more than ``recordingsMax``,
    ///   ``StreamError/network(reason:)`` while the store fails.
    public func recordings(
        of stream: StreamID, before number: Int64?, limit: Int
    ) async throws(StreamError) -> [RecordedBroadcast] {
        var waiting = try await numbers(of: stream).filter { $0 < number ?? .max }.sorted(by: >)[...]
        var recordings: [RecordedBroadcast] = []
        while recordings.count < limit, !waiting.isEmpty {
            let batch = waiting.prefix(limit - recordings.count)
            waiting = waiting.dropFirst(batch.count)
            for result in await read(batch, of: stream) {
                if let recording = try result.get() { recordings.append(recording) }
            }
        }
        return recordings.sorted { $0.number > $1.number }
    }

    private func read(
        _ numbers: ArraySlice<Int64>, of stream: StreamID
    ) async -> [Result<RecordedBroadcast?, StreamError>] {
        await withTaskGroup { group in
            var results: [Result<RecordedBroadcast?, StreamError>] = []
            for number in numbers.prefix(Self.readsAtOnce) { group.addTask { await read(number, of: stream) } }
            var waiting = numbers.dropFirst(Self.readsAtOnce)
            for await result in group {
                results.append(result)
                if let next = waiting.popFirst() { group.addTask { await read(next, of: stream) } }
            }
            return results
        }
    }

    private func numbers(of stream: StreamID) async throws(StreamError) -> [Int64] {
        let folder = S3ObjectKey.prefix(of: stream)
        var numbers: [Int64] = []
        do throws(S3Failure) {
            try await store.client.list(prefix: folder + RecordedBroadcast.namePrefix, within: .read) {
                keys throws(S3Failure) in
                numbers += keys.compactMap { RecordedBroadcast.number(inName: String($0.dropFirst(folder.count))) }
                guard numbers.count <= Self.recordingsMax else { throw .unexpected(what: "too many recordings") }
            }
        } catch .refused(404, "NoSuchBucket") {
            // It is made when something is first stored.
            return []
        } catch {
            if numbers.count > Self.recordingsMax { throw .overloaded(what: "\(Self.recordingsMax) recordings") }
            throw error.streamError("list")
        }
        return numbers
    }

    /// - Returns: `nil` for what is gone by now, or was not written by us.
    private func read(_ number: Int64, of stream: StreamID) async -> Result<RecordedBroadcast?, StreamError> {
        let name = SegmentName(stream: stream, path: RecordedBroadcast.name(number))
        do throws(StreamError) {
            guard let buffers = try await store.get(name),
                buffers.reduce(0, { $0 + $1.count }) <= RecordedBroadcast.bytesMax,
                let recording = try? RecordedBroadcast(decoding: Bytes(buffers.flatMap(\.array))),
                recording.number == number
            else { return .success(nil) }
            return .success(recording)
        } catch {
            return .failure(error)
        }
    }
}
