import Bytes
import HTTPClient

// The bucket: CreateBucket, GetBucketLifecycleConfiguration, PutBucketLifecycleConfiguration.

extension S3Client {
    /// What became of the wish that old objects be deleted.
    enum Lifecycle: Sendable, Equatable {
        /// The bucket has our rule.
        case set
        /// The bucket has rules, of which none is ours. They stay as they are, because putting one replaces all.
        case othersFound
        /// The store does not do it, or not for us.
        case refused(status: Int, code: String)
    }

    /// The id of our rule.
    private static let ruleID = "sluice-retention"

    /// Makes the bucket where it is missing.
    func createBucketIfMissing(within limits: Limits = .write) async throws(S3Failure) {
        do throws(S3Failure) {
            let query = [(name: "list-type", value: "2"), (name: "max-keys", value: "1")]
            try await send(Request(method: .get, query: query), within: limits) { _ in }
            return
        } catch {
            // Who may only read and write objects cannot look into the bucket, which then is there.
            if case .refused(403, "AccessDenied") = error { return }
            guard case .refused(404, _) = error else { throw error }
        }
        let document = Bytes(utf8: S3Document.bucket(in: settings.region))
        let request = Request(
            method: .put, fields: document.isEmpty ? [] : Self.documentFields(document),
            body: document.isEmpty ? [] : [document])
        do throws(S3Failure) {
            try await send(request, within: limits) { _ in }
        } catch {
            // Another process was faster.
            guard case .refused(409, let code) = error,
                code == "BucketAlreadyOwnedByYou" || code == "BucketAlreadyExists"
            else { throw error }
        }
    }

    /// Has the store delete objects when they are old.
    ///
    /// - Parameter days: Their age, 1 or more.
    func setLifecycle(days: Int, within limits: Limits = .write) async throws(S3Failure) -> Lifecycle {
        do throws(S3Failure) {
            guard let rules = try await lifecycleRules(within: limits), !rules.isEmpty else {
                try await putLifecycle(days: days, within: limits)
                return .set
            }
            let isOurs = rules.count == 1 && rules[0].id == Self.ruleID
            guard isOurs else { return rules.contains { $0.id == Self.ruleID } ? .set : .othersFound }
            if rules[0].days != days { try await putLifecycle(days: days, within: limits) }
            return .set
        } catch .refused(let status, let code) where status < 500 || status == 501 {
            return .refused(status: status, code: code)
        }
    }

    /// `nil` when the bucket has none.
    private func lifecycleRules(within limits: Limits) async throws(S3Failure) -> [(id: String, days: Int?)]? {
        do throws(S3Failure) {
            return try await send(Request(method: .get, query: [("lifecycle", "")]), within: limits) {
                answer throws(S3Failure) in
                let leaves = try XMLLeaves(answer)
                let ids = leaves.all("LifecycleConfiguration/Rule/ID")
                let days = leaves.all("LifecycleConfiguration/Rule/Expiration/Days")
                return ids.enumerated().map { ($1, ids.count == days.count ? Int(days[$0]) : nil) }
            }
        } catch .refused(404, "NoSuchLifecycleConfiguration") {
            return nil
        }
    }

    private func putLifecycle(days: Int, within limits: Limits) async throws(S3Failure) {
        let document = Bytes(utf8: S3Document.lifecycle(id: Self.ruleID, days: days))
        let request = Request(
            method: .put, query: [("lifecycle", "")], fields: Self.documentFields(document), body: [document])
        try await send(request, within: limits) { _ in }
    }
}
