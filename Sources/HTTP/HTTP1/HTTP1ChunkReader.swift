internal import Bytes

/// Takes the framing off a chunked body (RFC 9112, 7.1).
///
///     4;name=value CRLF      size in hexadecimal, extensions (ignored)
///     Wiki CRLF              that many bytes
///     0 CRLF                 the last chunk
///     Field: value CRLF      trailer fields (checked, then dropped: RFC 9110, 6.5.1 allows no blind merge)
///     CRLF
struct HTTP1ChunkReader {
    /// What the framing says about the next bytes.
    enum Step: Equatable {
        /// More bytes are needed.
        case wait
        /// So many bytes of framing are to be dropped.
        case skip(Int)
        /// So many of the next bytes belong to the body.
        case data(Int)
        /// So many bytes of framing are to be dropped, and the body is complete.
        case end(Int)
    }

    private enum State {
        /// Before a chunk size. Becomes `data` or, with size 0, `trailer`.
        case size
        /// So many bytes of a chunk are missing. Becomes `dataEnd` at 0.
        case data(Int)
        /// Before the CRLF behind a chunk. Becomes `size`.
        case dataEnd
        /// Between trailer lines, having seen so many bytes and fields.
        case trailer(bytes: Int, fields: Int)
    }

    /// Sixteen digits hold every 64-bit number; leading zeros beyond that serve nobody honest.
    private static let sizeDigitsMax = 16

    private let limits: HTTP1Limits
    private var state = State.size
    private var bodyBytes = 0
    private var extensionBytes = 0

    init(limits: HTTP1Limits) {
        self.limits = limits
    }

    /// - Parameter bytes: All that was received and not dropped or taken; the caller does what the step says before
    ///   it asks again.
    mutating func next(_ bytes: Bytes) throws(HTTP1Failure) -> Step {
        switch state {
        case .size: try readSize(bytes)
        case .data(let missing): takeData(bytes, missing)
        case .dataEnd: try readDataEnd(bytes)
        case .trailer(let seen, let fields): try readTrailer(bytes, seen: seen, fields: fields)
        }
    }

    private mutating func readSize(_ bytes: Bytes) throws(HTTP1Failure) -> Step {
        let lineFeed = bytes.firstIndex(of: ASCII.lineFeed)
        // Judged as far as it was received, so that nonsense is not waited for.
        let line = bytes.prefix(lineFeed ?? bytes.count)
        guard !line.isEmpty || lineFeed != nil else { return .wait }
        var size = 0
        var digits = 0
        while digits < line.count, let value = line[digits].hexadecimalValue {
            guard digits < Self.sizeDigitsMax, size <= Int.max >> 4 else { throw .chunkMalformed }
            size = size << 4 | Int(value)
            digits += 1
        }
        guard digits > 0 else { throw .chunkMalformed }
        let endsInReturn = line[line.count - 1] == ASCII.carriageReturn
        let extensionLength = line.count - digits - (endsInReturn ? 1 : 0)
        try checkExtension(line, from: digits, length: extensionLength)
        guard let lineFeed else { return .wait }
        guard endsInReturn else { throw .lineEndMalformed }
        guard size <= limits.bodyBytesMax - bodyBytes else { throw .bodyTooLarge(limit: limits.bodyBytesMax) }
        extensionBytes += extensionLength
        bodyBytes += size
        state = size == 0 ? .trailer(bytes: 0, fields: 0) : .data(size)
        return .skip(lineFeed + 1)
    }

    private func checkExtension(_ line: Bytes, from start: Int, length: Int) throws(HTTP1Failure) {
        guard length > 0 else { return }
        guard line[start] == ASCII.semicolon else { throw .chunkMalformed }
        let allowed = limits.chunkExtensionBytesMax - extensionBytes
        for position in start..<start + min(length, allowed) where !line[position].isFieldValueCharacter {
            throw .chunkMalformed
        }
        guard length <= allowed else { throw .chunkExtensionsTooLong(limit: limits.chunkExtensionBytesMax) }
    }

    private mutating func takeData(_ bytes: Bytes, _ missing: Int) -> Step {
        guard !bytes.isEmpty else { return .wait }
        let length = min(bytes.count, missing)
        state = length == missing ? .dataEnd : .data(missing - length)
        return .data(length)
    }

    private mutating func readDataEnd(_ bytes: Bytes) throws(HTTP1Failure) -> Step {
        if bytes.count >= 1, bytes[0] != ASCII.carriageReturn { throw .chunkMalformed }
        guard bytes.count >= 2 else { return .wait }
        guard bytes[1] == ASCII.lineFeed else { throw .chunkMalformed }
        state = .size
        return .skip(2)
    }

    private mutating func readTrailer(_ bytes: Bytes, seen: Int, fields: Int) throws(HTTP1Failure) -> Step {
        let lineFeed = bytes.firstIndex(of: ASCII.lineFeed)
        let length = lineFeed.map { $0 + 1 } ?? bytes.count
        guard seen + length <= limits.headerBytesMax else { throw .headerTooLarge(limit: limits.headerBytesMax) }
        guard let lineFeed else { return .wait }
        guard lineFeed > 0, bytes[lineFeed - 1] == ASCII.carriageReturn else { throw .lineEndMalformed }
        if lineFeed == 1 { return .end(2) }
        guard fields < limits.fieldCountMax else { throw .tooManyFields(limit: limits.fieldCountMax) }
        _ = try HTTP1FieldLine.read(bytes, 0..<lineFeed - 1)
        state = .trailer(bytes: seen + length, fields: fields + 1)
        return .skip(length)
    }
}
