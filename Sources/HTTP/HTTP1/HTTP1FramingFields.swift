internal import Bytes

/// Collects the header fields that say where a request ends and what becomes of its connection.
///
/// Two readers of one byte stream must never disagree on where a request ends: whatever could be read in two ways is
/// refused (RFC 9112, 6.3 and 11.2).
struct HTTP1FramingFields {
    private var hostCount = 0
    private var hostIsValid = true
    private var contentLength: Int?
    private var transferEncoding: TransferEncoding?
    private var hasClose = false
    private var hasKeepAlive = false
    private(set) var expectsContinue = false
    private(set) var hasUnknownExpectation = false

    private enum TransferEncoding { case chunked, unknown }

    /// Takes notice of one field of the header.
    @inline(__always) mutating func receive(_ field: HTTPFields.Line, in bytes: Bytes) throws(HTTP1Failure) {
        let name = field.name
        switch name.count {
        case 4:
            if bytes.isEqual(name, ignoringCaseOf: "host") { receiveHost(bytes, field.value) }
        case 6:
            if bytes.isEqual(name, ignoringCaseOf: "expect") { receiveExpect(bytes, field.value) }
        case 10:
            if bytes.isEqual(name, ignoringCaseOf: "connection") { receiveConnection(bytes, field.value) }
        case 14:
            if bytes.isEqual(name, ignoringCaseOf: "content-length") {
                try receiveContentLength(bytes, field.value)
            }
        case 17:
            if bytes.isEqual(name, ignoringCaseOf: "transfer-encoding") {
                try receiveTransferEncoding(bytes, field.value)
            }
        default: break
        }
    }

    private mutating func receiveHost(_ bytes: Bytes, _ value: Range<Int>) {
        hostCount += 1
        hostIsValid = bytes.isAuthority(value)
    }

    private mutating func receiveExpect(_ bytes: Bytes, _ value: Range<Int>) {
        if bytes.isEqual(value, ignoringCaseOf: "100-continue") {
            expectsContinue = true
        } else {
            hasUnknownExpectation = true
        }
    }

    private mutating func receiveConnection(_ bytes: Bytes, _ value: Range<Int>) {
        bytes.forEachListItem(value) { item in
            if bytes.isEqual(item, ignoringCaseOf: "close") { hasClose = true }
            if bytes.isEqual(item, ignoringCaseOf: "keep-alive") { hasKeepAlive = true }
        }
    }

    /// Digits only, and one field only: also a list of equal lengths is refused.
    private mutating func receiveContentLength(_ bytes: Bytes, _ value: Range<Int>) throws(HTTP1Failure) {
        guard contentLength == nil else { throw .contentLengthRepeated }
        guard !value.isEmpty else { throw .contentLengthMalformed }
        var length = 0
        for position in value {
            guard bytes[position].isDigit else { throw .contentLengthMalformed }
            // A length that does not fit is above every limit, which is all that matters of it.
            let (product, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(bytes[position] - ASCII.zero))
            length = overflow || carry ? Int.max : sum
        }
        contentLength = length
    }

    /// Exactly `chunked`; other codings are well-formed but unknown when they are tokens with `chunked` at most last.
    private mutating func receiveTransferEncoding(_ bytes: Bytes, _ value: Range<Int>) throws(HTTP1Failure) {
        guard transferEncoding == nil, !value.isEmpty else { throw .transferEncodingMalformed }
        if bytes.isEqual(value, ignoringCaseOf: "chunked") {
            transferEncoding = .chunked
            return
        }
        var isMalformed = false
        var chunkedSeen = false
        bytes.forEachListItem(value) { item in
            if item.isEmpty || chunkedSeen || item.contains(where: { !bytes[$0].isTokenCharacter }) {
                isMalformed = true
            }
            if bytes.isEqual(item, ignoringCaseOf: "chunked") { chunkedSeen = true }
        }
        guard !isMalformed else { throw .transferEncodingMalformed }
        transferEncoding = .unknown
    }

    /// How the body ends, once all fields were seen.
    func bodyFraming(version: HTTP1Version, limits: HTTP1Limits) throws(HTTP1Failure) -> HTTP1BodyFraming {
        if let transferEncoding {
            guard contentLength == nil else { throw .lengthAmbiguous }
            guard version == .http11 else { throw .transferEncodingInOldVersion }
            switch transferEncoding {
            case .chunked: return .chunked
            case .unknown: throw .transferCodingUnknown
            }
        }
        guard let contentLength, contentLength > 0 else { return .none }
        guard contentLength <= limits.bodyBytesMax else { throw .bodyTooLarge(limit: limits.bodyBytesMax) }
        return .length(contentLength)
    }

    /// Exactly one `Host` in HTTP/1.1, at most one in HTTP/1.0, and a valid one (RFC 9112, 3.2).
    func checkHost(version: HTTP1Version) throws(HTTP1Failure) {
        guard hostCount <= 1 else { throw .hostRepeated }
        guard hostCount == 1 || version == .http10 else { throw .hostMissing }
        guard hostIsValid else { throw .hostMalformed }
    }

    /// Persistent unless closed in HTTP/1.1, closed unless asked otherwise in HTTP/1.0 (RFC 9112, 9.3).
    func keepsAlive(version: HTTP1Version) -> Bool {
        switch version {
        case .http11: !hasClose
        case .http10: hasKeepAlive && !hasClose
        }
    }
}

extension Bytes {
    /// Calls `body` with each item of a comma-separated list, without the spaces around it; items may be empty.
    func forEachListItem(_ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        while start <= range.upperBound {
            let comma = self[0..<range.upperBound].firstIndex(of: ASCII.comma, from: start) ?? range.upperBound
            var (first, last) = (start, comma)
            while first < last, self[first].isFieldSpace { first &+= 1 }
            while last > first, self[last &- 1].isFieldSpace { last &-= 1 }
            body(first..<last)
            start = comma &+ 1
        }
    }

    /// Whether the bytes in a range are those of an ASCII text.
    func isEqual(_ range: Range<Int>, to text: String) -> Bool {
        let text = text.utf8Span.span
        guard range.count == text.count else { return false }
        for index in text.indices where self[range.lowerBound &+ index] != text[index] { return false }
        return true
    }
}

extension HTTPMethod {
    /// The method that a token names, in capital letters only (RFC 9110, 9.1).
    init?(_ bytes: Bytes, _ token: Range<Int>) {
        switch token.count {
        case 3:
            if bytes.isEqual(token, to: "GET") {
                self = .get
            } else if bytes.isEqual(token, to: "PUT") {
                self = .put
            } else {
                return nil
            }
        case 4:
            if bytes.isEqual(token, to: "HEAD") {
                self = .head
            } else if bytes.isEqual(token, to: "POST") {
                self = .post
            } else {
                return nil
            }
        default:
            for method in [HTTPMethod.patch, .delete, .options] where bytes.isEqual(token, to: method.rawValue) {
                self = method
                return
            }
            return nil
        }
    }
}
