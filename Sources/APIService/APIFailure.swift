import HTTP
import StreamingCore

/// Why a request is refused. Every case has its status and a code that never changes.
enum APIFailure: Error, Equatable {
    /// No token was sent.
    case missingToken
    /// A token was sent that is not ours.
    case wrongToken
    /// The token is one of those who only look.
    case roleTooLow
    /// Too many wrong tokens came from this address.
    case tooManyAttempts(retryAfterSeconds: Int)
    /// An address has asked for more than its share.
    case tooManyRequests(retryAfterSeconds: Int)
    case unsupportedMediaType(String?)
    case bodyTooLarge(Int)
    /// The body is no JSON at all.
    case notJSON(JSONFailure)
    /// The body is not the JSON that was expected; `expected` ends the sentence.
    case malformedBody(expected: String)
    /// A member of the body that means nothing.
    case unknownMember(String)
    case invalidParameter(name: String, reason: String)
    /// An id in the path that cannot name anything; `kind` is what it would name.
    case notFound(kind: String)
    /// A request that is to have an effect once: something is wrong with how it says so.
    case idempotency(IdempotencyFailure)
    /// Addresses are to be signed where nothing is.
    case playbackNotSigned
    /// Where recordings are kept does not answer.
    case recordingsUnavailable
    case stream(StreamError)
}

extension APIFailure {
    var response: HTTPResponse {
        switch self {
        case .missingToken:
            problem(
                .unauthorized, "missing_token", "Send the header Authorization: Bearer and the admin token.",
                fields: ["www-authenticate": #"Bearer realm="sluice""#])
        case .wrongToken:
            problem(
                .unauthorized, "wrong_token", "The token is none of this server.",
                fields: ["www-authenticate": #"Bearer realm="sluice", error="invalid_token""#])
        case .roleTooLow:
            problem(
                .forbidden, "role_too_low", "The token is one to read with: this needs the admin token.",
                fields: ["www-authenticate": #"Bearer realm="sluice", error="insufficient_scope""#])
        case .tooManyAttempts(let seconds):
            problem(
                .tooManyRequests, "too_many_attempts", "Too many wrong tokens came from this address.",
                fields: ["retry-after": String(seconds)])
        case .tooManyRequests(let seconds):
            problem(
                .tooManyRequests, "too_many_requests", "This address has asked too much in this minute.",
                fields: ["retry-after": String(seconds)])
        case .unsupportedMediaType(let type):
            problem(
                .unsupportedMediaType, "unsupported_media_type",
                "The body must be application/json, not \(type ?? "without a Content-Type").")
        case .bodyTooLarge(let limit):
            problem(.contentTooLarge, "body_too_large", "The body must have at most \(limit) bytes.")
        case .notJSON(let failure):
            problem(.badRequest, "malformed_body", "The body is not JSON: \(failure).")
        case .malformedBody(let expected): problem(.badRequest, "malformed_body", "The body is not \(expected).")
        case .unknownMember(let name):
            problem(
                .unprocessableContent, "unknown_member", "'\(name.prefix(100))' is not a member that means anything.")
        case .invalidParameter(let name, let reason):
            problem(.badRequest, "invalid_parameter", "The parameter '\(name)' \(reason).")
        case .notFound(let kind): problem(.notFound, "\(kind)_not_found", "There is no such \(kind).")
        case .idempotency(let failure): problem(failure.status, failure.rawValue, failure.detail)
        case .playbackNotSigned:
            problem(.conflict, "playback_not_signed", "Playback is open to everybody: PLAYBACK_SECRET is not set.")
        case .recordingsUnavailable:
            problem(
                .serviceUnavailable, "recordings_unavailable", "What keeps the recordings does not answer.",
                retryAfterSeconds: 5)
        case .stream(let error): response(to: error)
        }
    }

    private func response(to error: StreamError) -> HTTPResponse {
        switch error {
        case .notFound(let what):
            let kind = what.prefix { $0 != " " }
            return problem(.notFound, "\(kind)_not_found", "There is no such \(kind).")
        case .invalidValue(let field, let reason):
            return problem(.unprocessableContent, "invalid_value", "The member '\(field)' \(reason).")
        case .conflict(let reason): return problem(.conflict, "conflict", reason)
        case .invalidKey, .revokedKey: return problem(.forbidden, "invalid_key", "The stream key does not count.")
        case .overloaded(let what):
            return problem(.serviceUnavailable, "overloaded", "The limit is reached: \(what).", retryAfterSeconds: 1)
        case .database, .network:
            // The reason has file names in it: it is for the log.
            return problem(
                .serviceUnavailable, "database_unavailable", "The database does not answer.", retryAfterSeconds: 5)
        case .transcoding:
            return problem(.internalServerError, "internal_error", "The service has failed.")
        }
    }

    private func problem(
        _ status: HTTPStatus, _ code: String, _ detail: String, retryAfterSeconds seconds: Int
    ) -> HTTPResponse {
        problem(status, code, detail, fields: ["retry-after": String(seconds)])
    }

    private func problem(
        _ status: HTTPStatus, _ code: String, _ detail: String, fields: HTTPFields = HTTPFields()
    ) -> HTTPResponse {
        ProblemDocument(status, detail: detail, code: code).response(fields: fields)
    }
}
