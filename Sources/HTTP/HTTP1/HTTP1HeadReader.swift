internal import Bytes

/// Reads a request line and its header fields, line by line, as they arrive (RFC 9112, 2 to 5).
///
///     GET /hls/abc/master.m3u8 HTTP/1.1 CRLF     request line
///     Host: example.org CRLF                     field line: name ":" OWS value OWS
///     CRLF                                       end of the head
///
/// A line is judged the moment it is complete, a limit the moment it is passed: what comes out depends on the bytes and
/// not on how the network cut them. No byte is looked for twice, so a client that sends single bytes gains nothing.
struct HTTP1HeadReader: ~Copyable {
    private let limits: HTTP1Limits
    /// Where the next line begins, counted from the first byte of the head, and how far a line end was looked for.
    private var lineStart = 0
    private var scanned = 0
    private var emptyLines = 0
    private var requestLine: RequestLine?
    /// Where the header section begins.
    private var fieldsStart = 0
    private var lines: [HTTPFields.Line] = []
    private var framing = HTTP1FramingFields()

    private struct RequestLine {
        let method: HTTPMethod
        let target: Bytes
        let parts: RequestTarget
        let version: HTTP1Version
    }

    init(limits: HTTP1Limits) {
        self.limits = limits
    }

    /// Reads on.
    ///
    /// - Parameter bytes: Everything since the first byte of the head, also what was given before.
    /// - Returns: The length of the head, or nil when it is not complete.
    mutating func read(_ bytes: Bytes) throws(HTTP1Failure) -> Int? {
        while true {
            guard let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: scanned) else {
                scanned = bytes.count
                try checkLimits(through: bytes.count, lineEndBytes: 0)
                return nil
            }
            scanned = lineFeed + 1
            try checkLimits(through: scanned, lineEndBytes: 2)
            guard lineFeed > lineStart, bytes[lineFeed &- 1] == ASCII.carriageReturn else {
                throw .lineEndMalformed
            }
            let line = lineStart..<lineFeed &- 1
            lineStart = scanned
            if requestLine == nil {
                try readFirstLine(bytes, line)
            } else if line.isEmpty {
                return scanned
            } else {
                guard lines.count < limits.fieldCountMax else { throw .tooManyFields(limit: limits.fieldCountMax) }
                if lines.isEmpty { lines.reserveCapacity(16) }
                let field = try HTTP1FieldLine.read(bytes, line)
                try framing.receive(field, in: bytes)
                lines.append(field)
            }
        }
    }

    private func checkLimits(through end: Int, lineEndBytes: Int) throws(HTTP1Failure) {
        if requestLine == nil {
            // Without its end in sight, the line may still be one CR longer than its text.
            let slack = lineEndBytes == 0 ? 1 : lineEndBytes
            guard end - lineStart - slack <= limits.requestLineBytesMax else {
                throw .requestLineTooLong(limit: limits.requestLineBytesMax)
            }
        } else {
            guard end - fieldsStart <= limits.headerBytesMax else {
                throw .headerTooLarge(limit: limits.headerBytesMax)
            }
        }
    }

    private mutating func readFirstLine(_ bytes: Bytes, _ line: Range<Int>) throws(HTTP1Failure) {
        guard !line.isEmpty else {
            emptyLines += 1
            guard emptyLines <= limits.leadingEmptyLinesMax else {
                throw .tooManyEmptyLines(limit: limits.leadingEmptyLinesMax)
            }
            return
        }
        requestLine = try Self.readRequestLine(bytes, line)
        fieldsStart = lineStart
    }

    /// `method SP target SP HTTP/x.y`, with single spaces (RFC 9112, 3).
    private static func readRequestLine(_ bytes: Bytes, _ line: Range<Int>) throws(HTTP1Failure) -> RequestLine {
        var methodEnd = line.lowerBound
        while methodEnd < line.upperBound, bytes[methodEnd].isTokenCharacter { methodEnd &+= 1 }
        // The shortest end is " / HTTP/1.1": a space, one byte of target, a space and the version.
        let versionStart = line.upperBound - 8
        guard methodEnd > line.lowerBound, versionStart >= methodEnd + 3, bytes[methodEnd] == ASCII.space,
            bytes[versionStart - 1] == ASCII.space, bytes[versionStart + 5].isDigit, bytes[versionStart + 7].isDigit,
            bytes.isEqual(versionStart..<versionStart + 5, to: "HTTP/"), bytes[versionStart + 6] == ASCII.dot
        else { throw .requestLineMalformed }
        let major = bytes[versionStart + 5] - ASCII.zero
        let minor = bytes[versionStart + 7] - ASCII.zero
        guard major == 1, minor <= 1 else { throw .versionUnsupported(major: major, minor: minor) }
        guard let method = HTTPMethod(bytes, line.lowerBound..<methodEnd) else {
            throw .methodUnknown(bytes[line.lowerBound..<methodEnd].prefix(32).string)
        }
        let target = bytes[methodEnd + 1..<versionStart - 1]
        guard let parts = RequestTarget(target, method: method) else { throw .targetMalformed }
        return RequestLine(method: method, target: target, parts: parts, version: minor == 0 ? .http10 : .http11)
    }

    /// Makes the request of a head that ``read(_:)`` found complete, and starts again. What was read is moved out and
    /// not copied, because this happens for every request.
    ///
    /// - Parameters:
    ///   - head: Exactly the bytes of the head.
    ///   - peerAddress: Becomes the request's.
    mutating func finish(_ head: Bytes, peerAddress: String) throws(HTTP1Failure) -> HTTP1Request {
        var finished = HTTP1HeadReader(limits: limits)
        swap(&finished, &self)
        guard let requestLine = finished.requestLine.take() else { throw .requestLineMalformed }
        let version = requestLine.version
        let framing = finished.framing
        let body = try framing.bodyFraming(version: version, limits: limits)
        try framing.checkHost(version: version)
        guard !framing.hasUnknownExpectation || version == .http10 else { throw .expectationUnknown }
        var fields = HTTPFields(head: head, lines: finished.lines)
        if let authority = requestLine.parts.authority { fields.set("host", authority) }
        return HTTP1Request(
            request: HTTPRequest(
                method: requestLine.method, path: requestLine.parts.path, query: requestLine.parts.query,
                fields: fields, peerAddress: peerAddress),
            version: version, target: requestLine.target, framing: body,
            keepsAlive: framing.keepsAlive(version: version),
            expectsContinue: framing.expectsContinue && version == .http11 && body != .none)
    }
}

/// Reads one line of a header or trailer section (RFC 9112, 5).
enum HTTP1FieldLine {
    /// Refuses what requests are smuggled with: folded lines, a space before the colon, bare CR, NUL, other controls.
    static func read(_ bytes: Bytes, _ line: Range<Int>) throws(HTTP1Failure) -> HTTPFields.Line {
        var colon = line.lowerBound
        while colon < line.upperBound, bytes[colon].isTokenCharacter { colon &+= 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == ASCII.colon else {
            throw .fieldMalformed
        }
        var start = colon &+ 1
        var end = line.upperBound
        while start < end, bytes[start].isFieldSpace { start &+= 1 }
        while end > start, bytes[end &- 1].isFieldSpace { end &-= 1 }
        for position in start..<end where !bytes[position].isFieldValueCharacter { throw .fieldMalformed }
        return HTTPFields.Line(
            nameStart: UInt32(line.lowerBound), nameEnd: UInt32(colon), valueStart: UInt32(start), valueEnd: UInt32(end)
        )
    }
}
