import Bytes
import HTTPClient

// Objects: PutObject, GetObject, DeleteObject, DeleteObjects, ListObjectsV2.

extension S3Client {
    /// Says how long an object is, in decimal: a store, or something before it, that sends another length is found out.
    private static let lengthField = "x-amz-meta-sluice-bytes"
    /// Names in one request to delete, the most that S3 allows.
    static let deletedNamesMax = 1000
    /// Pages of a list, each of up to 1,000 names: more than any stream has.
    static let pagesMax = 10_000

    /// Stores an object in place of what there is.
    func put(
        _ buffers: [Bytes], under key: String, type: String, cacheControl: String, within limits: Limits
    ) async throws(S3Failure) {
        let length = buffers.reduce(0) { $0 + $1.count }
        let request = Request(
            method: .put, key: key,
            fields: [("content-type", type), ("cache-control", cacheControl), (Self.lengthField, "\(length)")],
            body: buffers, signsBody: false)
        try await send(request, within: limits) { _ in }
    }

    /// - Returns: `nil` when there is no such object, or nobody has made the bucket yet.
    func get(_ key: String, within limits: Limits = .read) async throws(S3Failure) -> [Bytes]? {
        let request = Request(method: .get, key: key, answerBytesMax: Self.objectBytesMax)
        do throws(S3Failure) {
            return try await send(request, within: limits) { answer throws(S3Failure) in
                guard let text = answer.fields[Self.lengthField], let stored = Int(text) else { return answer.body }
                guard stored == answer.byteCount else {
                    throw .wrongLength(received: answer.byteCount, stored: stored)
                }
                return answer.body
            }
        } catch {
            // The first upload makes the bucket: before it there is nothing.
            if case .refused(404, _) = error { return nil }
            throw error
        }
    }

    /// Deletes up to ``deletedNamesMax`` objects; those that are not there are skipped.
    func delete(_ keys: [String], within limits: Limits = .write) async throws(S3Failure) {
        guard !keys.isEmpty else { return }
        let document = Bytes(utf8: S3Document.delete(keys))
        let request = Request(
            method: .post, query: [("delete", "")], fields: Self.documentFields(document), body: [document])
        do throws(S3Failure) {
            try await send(request, within: limits) { answer throws(S3Failure) in
                let leaves = try XMLLeaves(answer)
                if let code = leaves.first("DeleteResult/Error/Code") {
                    throw .refused(status: answer.status, code: code)
                }
            }
        } catch .refused(let status, _) where [400, 405, 501].contains(status) {
            // Some stores know only the deletion of one object.
            for key in keys { try await delete(key, within: limits) }
        }
    }

    private func delete(_ key: String, within limits: Limits) async throws(S3Failure) {
        do throws(S3Failure) {
            try await send(Request(method: .delete, key: key), within: limits) { _ in }
        } catch {
            guard case .refused(404, let code) = error, code != "NoSuchBucket" else { throw error }
        }
    }

    /// Calls `body` with the keys that begin with a prefix, page by page.
    func list(
        prefix: String, within limits: Limits = .write, _ body: ([String]) async throws(S3Failure) -> Void
    ) async throws(S3Failure) {
        var token: String?
        for _ in 0..<Self.pagesMax {
            let page = try await page(prefix: prefix, token: token, within: limits)
            try await body(page.keys)
            guard let next = page.token else { return }
            guard next != token else { throw .unexpected(what: "a list that does not go on") }
            token = next
        }
        throw .unexpected(what: "a list of more than \(Self.pagesMax) pages")
    }

    private func page(
        prefix: String, token: String?, within limits: Limits
    ) async throws(S3Failure) -> (keys: [String], token: String?) {
        var query = [("list-type", "2"), ("max-keys", "1000"), ("prefix", prefix)]
        if let token { query.append(("continuation-token", token)) }
        let request = Request(method: .get, query: query.map { (name: $0.0, value: $0.1) })
        return try await send(request, within: limits) { answer throws(S3Failure) in
            let leaves = try XMLLeaves(answer)
            let keys = leaves.all("ListBucketResult/Contents/Key")
            guard let isTruncated = leaves.first("ListBucketResult/IsTruncated"),
                keys.allSatisfy({ $0.hasPrefix(prefix) })
            else { throw .unexpected(what: "a list that is none, or of other names") }
            guard isTruncated == "true" else { return (keys, nil) }
            guard let next = leaves.first("ListBucketResult/NextContinuationToken"), !next.isEmpty else {
                throw .unexpected(what: "a list without its continuation")
            }
            return (keys, next)
        }
    }

    /// What a request with a document must have.
    static func documentFields(_ document: Bytes) -> [(name: String, value: String)] {
        [("content-type", "application/xml"), ("content-md5", Base64.text(of: MD5.hash(document)))]
    }
}
