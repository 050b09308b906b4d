import HTTP
import StreamingCore

// What is made, once.

extension APIRoutes {
    typealias IssuedKey = StreamAdministration.IssuedKey

    /// Makes a stream, or finds the one that the same request has made.
    func makeStream(
        title: StreamTitle, key: IdempotencyKey?
    ) async throws(APIFailure) -> (stream: Stream, issued: IssuedKey) {
        let text = key.map { idempotency.streamKey(for: $0, operation: "POST /streams") }
        if let made = try await earlier(text) { return try await stream(of: made, title: title) }
        do throws(APIFailure) {
            return try await asking { () async throws(StreamError) in
                try await administration.createStream(title: title, keyText: text)
            }
        } catch {
            // The same request may have come twice at once, and the other one was first.
            guard let made = try await earlier(text) else { throw error }
            return try await stream(of: made, title: title)
        }
    }

    /// Makes a key, or finds the one that the same request has made.
    func makeKey(of stream: StreamID, key: IdempotencyKey?) async throws(APIFailure) -> IssuedKey {
        let text = key.map { idempotency.streamKey(for: $0, operation: "POST /streams/\(stream)/keys") }
        if let made = try await earlier(text) { return made }
        do throws(APIFailure) {
            return try await asking { () async throws(StreamError) in
                do throws(StreamError) {
                    return try await administration.createKey(for: stream, keyText: text)
                } catch .overloaded(let what) {
                    // Waiting does not help, revoking a key does.
                    throw .conflict(reason: "The stream has \(what): revoke one first.")
                }
            }
        } catch {
            guard let made = try await earlier(text) else { throw error }
            return made
        }
    }

    /// The key with this text, if it was made within a day.
    private func earlier(_ text: Secret?) async throws(APIFailure) -> IssuedKey? {
        guard let text else { return nil }
        let made: IssuedKey?
        do throws(StreamError) {
            made = try await administration.key(with: text)
        } catch .revokedKey {
            throw .idempotency(.void)
        } catch {
            throw .stream(error)
        }
        guard let made else { return nil }
        let age = clock.now().unixMilliseconds - made.key.createdAt.unixMilliseconds
        guard age <= IdempotencyKey.spanMilliseconds else { throw .idempotency(.expired) }
        return made
    }

    /// A stream as it was when it was made with this key.
    private func stream(
        of made: IssuedKey, title: StreamTitle
    ) async throws(APIFailure) -> (stream: Stream, issued: IssuedKey) {
        let stream = try await asking { () async throws(StreamError) in
            try await administration.stream(made.key.streamID)
        }
        guard stream.title == title.text else { throw .idempotency(.reused) }
        return (Stream(id: stream.id, title: stream.title, createdAt: stream.createdAt), made)
    }
}
