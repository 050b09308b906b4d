import HTTPClient
import StreamingCore

/// Why the store did not do what it was asked.
enum S3Failure: Error, Sendable, Equatable {
    /// The store's answer: its status, and the code of its error document, empty when it sent none.
    case refused(status: Int, code: String)
    /// No answer that can be trusted.
    case transfer(TransferFailure)
    /// Fewer bytes, or more, than were stored.
    case wrongLength(received: Int, stored: Int)
    /// The document of an answer cannot be read.
    case malformed(XMLFailure)
    /// The document of an answer lacks what it must have, or never comes to an end.
    case unexpected(what: String)
    /// The name cannot be that of an object.
    case illegalName
}

extension S3Failure {
    /// Whether the same request may succeed a moment later.
    ///
    /// Refusals are final but for those that the store takes back by itself (Error Responses, "SlowDown",
    /// "InternalError", "RequestTimeout", "OperationAborted").
    var isTransient: Bool {
        switch self {
        case .refused(let status, let code):
            [408, 425, 429, 500, 502, 503, 504].contains(status) || code == "RequestTimeout"
                || code == "OperationAborted"
        case .transfer(.cancelled), .transfer(.answerTooLarge), .transfer(.overloaded): false
        case .transfer, .wrongLength: true
        case .malformed, .unexpected: true
        case .illegalName: false
        }
    }

    /// Whether it says something about this one object, and not about the store, the bucket or our credentials.
    var concernsObjectOnly: Bool {
        switch self {
        case .refused(let status, _): ![401, 403, 404, 408, 425, 429].contains(status) && status < 500
        case .illegalName: true
        case .transfer, .wrongLength, .malformed, .unexpected: false
        }
    }

    /// What callers of the port are told. It names neither keys nor addresses of the store.
    func streamError(_ action: String) -> StreamError {
        switch self {
        case .refused(let status, let code):
            .network(reason: "S3 \(action): refused with \(status)\(code.isEmpty ? "" : " \(code)")")
        case .transfer(.overloaded(let count)): .overloaded(what: "\(count) requests that wait for S3")
        case .transfer(.connection(let code, let reason)): .network(reason: "S3 \(action): \(reason) (\(code))")
        case .transfer(.timedOut): .network(reason: "S3 \(action): no answer in time")
        case .transfer(.truncated): .network(reason: "S3 \(action): the answer ended early")
        case .transfer(.unframed): .network(reason: "S3 \(action): an answer without a length")
        case .transfer(.answerTooLarge(let bytesMax)): .network(reason: "S3 \(action): more than \(bytesMax) bytes")
        case .transfer(.cancelled): .network(reason: "S3 \(action): cancelled")
        case .wrongLength(let received, let stored):
            .network(reason: "S3 \(action): \(received) bytes came of \(stored) that were stored")
        case .malformed(let failure): .network(reason: "S3 \(action): an unreadable document: \(failure)")
        case .unexpected(let what): .network(reason: "S3 \(action): \(what)")
        case .illegalName: .invalidValue(field: "segment name", reason: "cannot be an object's name")
        }
    }
}
