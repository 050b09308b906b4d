public import Bytes
public import StreamingCore

/// Finished segments in a bucket: the warm store, for what playlists list long after it left memory.
///
/// One uploader writes a name. A put replaces what there is, without asking first: conditional writes are not to be
/// had from every store, and two workers that make the same segment make the same bytes where nothing was encoded;
/// where something was, the hot store has decided before which of them count, and only those are uploaded.
public final class S3SegmentStore: SegmentStore {
    /// How long a read takes at most, attempts together, in milliseconds.
    public static let readMillisecondsMax = S3Client.Limits.read.totalMilliseconds

    let client: S3Client
    private let logger: Logger?

    /// Opens no connection yet.
    ///
    /// - Parameter logger: Is told when objects cannot be deleted.
    public init(
        _ settings: S3Settings, logger: Logger? = nil, clock: any WallClock = SystemWallClock()
    ) {
        client = S3Client(settings, clock: clock)
        self.logger = logger
    }

    /// Makes the bucket where it is missing, and has the store delete what is old.
    ///
    /// A store that refuses the second, or a bucket with rules of its own, is told in the log and left alone.
    ///
    /// - Parameter retentionDays: How long objects are kept, in days; `nil` leaves it to the bucket.
    public func prepare(retentionDays: Int?) async throws(StreamError) {
        do throws(S3Failure) {
            try await prepareBucket(retentionDays: retentionDays, within: .write)
        } catch {
            throw error.streamError("bucket")
        }
    }

    func prepareBucket(retentionDays: Int?, within limits: S3Client.Limits) async throws(S3Failure) {
        try await client.createBucketIfMissing(within: limits)
        guard let retentionDays else { return }
        switch try await client.setLifecycle(days: retentionDays, within: limits) {
        case .set: break
        case .othersFound:
            logger?.warning(
                "the bucket has lifecycle rules, ours is not added", ["s3.retention_days": LogValue(retentionDays)])
        case .refused(let status, let code):
            logger?.warning(
                "the store takes no lifecycle rule: nothing deletes old segments",
                ["s3.status": LogValue(status), "s3.code": LogValue(code)])
        }
    }

    /// Takes up to 30 s while the store fails.
    ///
    /// - Returns: The given buffers.
    @discardableResult
    public func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        do throws(S3Failure) {
            try await client.put(buffers, under: S3ObjectKey(name), within: .write)
        } catch {
            throw error.streamError("put")
        }
        return buffers
    }

    /// Takes up to ``readMillisecondsMax`` while the store fails; all that came is as long as what was stored.
    public func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        do throws(S3Failure) {
            return try await client.get(S3ObjectKey(name).text)
        } catch {
            throw error.streamError("get")
        }
    }

    /// What cannot be deleted is told in the log, and goes when it is old.
    public func remove(_ names: [SegmentName]) async {
        // A name that cannot be an object's was never stored.
        let keys = names.compactMap { try? S3ObjectKey($0).text }
        for start in stride(from: 0, to: keys.count, by: S3Client.deletedNamesMax) {
            await delete(Array(keys[start..<min(start + S3Client.deletedNamesMax, keys.count)]))
        }
    }

    /// As ``remove(_:)``.
    public func removeAll(of stream: StreamID) async {
        do throws(S3Failure) {
            try await client.list(prefix: S3ObjectKey.prefix(of: stream)) { keys in await delete(keys) }
        } catch {
            tell(error)
        }
    }

    /// The names under which a stream has something, at most `countMax` of them.
    ///
    /// - Throws: ``StreamError/overloaded(what:)`` when there are more.
    public func names(of stream: StreamID, countMax: Int) async throws(StreamError) -> Set<String> {
        let prefix = S3ObjectKey.prefix(of: stream)
        var names: Set<String> = []
        do throws(S3Failure) {
            try await client.list(prefix: prefix) { keys throws(S3Failure) in
                names.formUnion(keys.map { String($0.dropFirst(prefix.count)) })
                guard names.count <= countMax else { throw .unexpected(what: "too many names") }
            }
        } catch {
            if names.count > countMax { throw .overloaded(what: "\(countMax) names of a stream in S3") }
            throw error.streamError("list")
        }
        return names
    }

    private func delete(_ keys: [String]) async {
        do throws(S3Failure) { try await client.delete(keys) } catch { tell(error) }
    }

    /// Nobody waits for a deletion to succeed: what stays is deleted by its age.
    private func tell(_ failure: S3Failure) {
        logger?.warning("objects are not deleted", ["error": LogValue(failure.streamError("delete"))])
    }
}

extension S3Client {
    func put(_ buffers: [Bytes], under key: S3ObjectKey, within limits: Limits) async throws(S3Failure) {
        try await put(
            buffers, under: key.text, type: key.contentType, cacheControl: key.cacheControl, within: limits)
    }
}
