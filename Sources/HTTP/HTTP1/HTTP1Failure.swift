/// Why a request cannot be answered as asked. The connection ends behind the answer, because where the next request
/// would begin is not known.
public enum HTTP1Failure: Error, Equatable, Sendable {
    /// A line ended in a bare LF, or held a bare CR.
    case lineEndMalformed
    /// More than `limit` empty lines came before a request.
    case tooManyEmptyLines(limit: Int)
    case requestLineMalformed
    case requestLineTooLong(limit: Int)
    /// Not 1.0 or 1.1.
    case versionUnsupported(major: UInt8, minor: UInt8)
    case methodUnknown(String)
    case targetMalformed
    case fieldMalformed
    case headerTooLarge(limit: Int)
    case tooManyFields(limit: Int)
    case hostMissing
    case hostRepeated
    case hostMalformed
    case contentLengthMalformed
    case contentLengthRepeated
    /// `Content-Length` and `Transfer-Encoding` in one request: two opinions on where the next one begins.
    case lengthAmbiguous
    case transferEncodingMalformed
    /// `Transfer-Encoding` in an HTTP/1.0 request (RFC 9112, 6.1).
    case transferEncodingInOldVersion
    case transferCodingUnknown
    case expectationUnknown
    case bodyTooLarge(limit: Int)
    case chunkMalformed
    case chunkExtensionsTooLong(limit: Int)

    /// The status to answer with.
    public var status: HTTPStatus {
        switch self {
        case .lineEndMalformed, .tooManyEmptyLines, .requestLineMalformed, .targetMalformed, .fieldMalformed,
            .hostMissing, .hostRepeated, .hostMalformed, .contentLengthMalformed, .contentLengthRepeated,
            .lengthAmbiguous, .transferEncodingMalformed, .transferEncodingInOldVersion, .chunkMalformed,
            .chunkExtensionsTooLong:
            .badRequest
        case .requestLineTooLong: .uriTooLong
        case .versionUnsupported: .versionNotSupported
        case .methodUnknown, .transferCodingUnknown: .notImplemented
        case .headerTooLarge, .tooManyFields: .requestHeaderFieldsTooLarge
        case .expectationUnknown: .expectationFailed
        case .bodyTooLarge: .contentTooLarge
        }
    }

    /// The answer to send before closing.
    public var response: HTTPResponse { ProblemDocument(status).response() }
}
