public import StreamingCore

extension S3SegmentStore {
    /// Checks that the store answers and knows our key, by asking for an object that is not there. Takes up to 3 s.
    ///
    /// It needs no right but to read objects.
    public func check() async throws(StreamError) {
        let limits = S3Client.Limits(totalMilliseconds: 3000, attemptsMax: 1, stallSecondsMax: 3)
        do throws(S3Failure) {
            _ = try await client.get("sluice-health", within: limits)
        } catch .refused(status: 403, code: "AccessDenied") {
            // Whoever may not list a bucket is not told what it lacks.
        } catch {
            throw error.streamError("check")
        }
    }
}
