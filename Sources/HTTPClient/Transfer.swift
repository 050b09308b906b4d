import Bytes
internal import CCurl
import Synchronization

/// An exchange under way: libcurl's handle of it, what is left to send, and what has come.
///
/// Unsafe code: libcurl is given the address of this object, and of the memory that it fills; both live until the
/// handle is out of libcurl's hands, because ``TransferLoop`` keeps the object until then.
///
/// `@unchecked Sendable`: whoever makes it hands it to the loop's thread and touches it no more, but for
/// ``isCancelled``, which is atomic.
@safe final class Transfer: @unchecked Sendable {
    /// What is received is gathered in pieces of this size: few enough for one system call when they are sent on.
    static let blockBytes = 256 << 10
    /// More fields of an answer are not kept.
    private static let fieldsMax = 64

    let exchange: Exchange
    private let continuation: CheckedContinuation<Result<Answer, TransferFailure>, Never>
    private let cancellation: CancellationMark

    /// libcurl's, from ``prepare(_:now:)`` on. It belongs to the loop.
    private(set) var handle: UnsafeMutableRawPointer?
    private var fields: [String: String] = [:]
    private var blocks: [Bytes] = []
    private var block: UnsafeMutableRawBufferPointer?
    private var blockCount = 0
    private var receivedCount = 0
    private var isTooLarge = false
    private var sentBuffers = 0
    private var sentOfBuffer = 0
    private var list: UnsafeMutablePointer<curl_slist>?

    init(
        _ exchange: Exchange, cancellation: CancellationMark,
        _ continuation: CheckedContinuation<Result<Answer, TransferFailure>, Never>
    ) {
        self.exchange = exchange
        self.cancellation = cancellation
        self.continuation = continuation
    }

    deinit {
        unsafe block?.deallocate()
        unsafe curl_slist_free_all(list)
    }

    var isCancelled: Bool { cancellation.isSet }

    // MARK: Beginning and end

    /// Tells a handle what to do.
    ///
    /// - Returns: Whether libcurl took all of it.
    func prepare(_ handle: UnsafeMutableRawPointer, now: ContinuousClock.Instant) -> Bool {
        unsafe self.handle = handle
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe sluice_curl_set_callbacks(handle, context, receiveField, receiveBody, sendBody, rewindBody)
        guard exchange.fields.allSatisfy({ Self.isOneLine($0.name) && Self.isOneLine($0.value) }) else { return false }
        // Waiting for permission to send costs a round trip, and servers refuse rarely.
        for line in exchange.fields.map({ "\($0.name): \($0.value)" }) + ["Expect:"] {
            guard let longer = unsafe curl_slist_append(list, line) else { return false }
            unsafe list = longer
        }
        var codes = [unsafe sluice_curl_set_fields(handle, list)]
        for (option, number) in connectionOptions(now: now) + methodOptions {
            codes.append(unsafe sluice_curl_set_number(handle, option, number))
        }
        for (option, text) in texts { codes.append(unsafe sluice_curl_set_text(handle, option, text)) }
        let length = curl_off_t(exchange.body.reduce(0) { $0 + $1.count })
        let lengthOption = exchange.method == .put ? CURLOPT_INFILESIZE_LARGE : CURLOPT_POSTFIELDSIZE_LARGE
        codes.append(unsafe sluice_curl_set_offset(handle, lengthOption, length))
        return codes.allSatisfy { $0 == CURLE_OK }
    }

    /// libcurl sends fields as they are: a line end would begin another one.
    private static func isOneLine(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

    private func connectionOptions(now: ContinuousClock.Instant) -> [(CURLoption, Int)] {
        let left = (exchange.deadline - now).components
        let milliseconds = max(1, Int(left.seconds) * 1000 + Int(left.attoseconds / 1_000_000_000_000_000))
        return [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_PATH_AS_IS, 1), (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)), (CURLOPT_TCP_KEEPALIVE, 1),
            (CURLOPT_SSL_VERIFYPEER, 1), (CURLOPT_SSL_VERIFYHOST, 2), (CURLOPT_BUFFERSIZE, Self.blockBytes),
            (CURLOPT_UPLOAD_BUFFERSIZE, Self.blockBytes), (CURLOPT_TIMEOUT_MS, milliseconds),
            (CURLOPT_CONNECTTIMEOUT_MS, min(milliseconds, TransferLoop.connectMillisecondsMax)),
            (CURLOPT_LOW_SPEED_LIMIT, TransferLoop.bytesPerSecondMin),
            (CURLOPT_LOW_SPEED_TIME, exchange.stallSecondsMax),
        ]
    }

    private var methodOptions: [(CURLoption, Int)] {
        switch exchange.method {
        case .get: [(CURLOPT_HTTPGET, 1)]
        case .put: [(CURLOPT_UPLOAD, 1)]
        case .post: [(CURLOPT_POST, 1)]
        case .delete: []
        }
    }

    private var texts: [(CURLoption, String)] {
        var texts = [
            (CURLOPT_URL, exchange.address), (CURLOPT_PROTOCOLS_STR, "http,https"),
            // Nothing but the configuration says where requests go: not the environment's proxies either.
            (CURLOPT_PROXY, ""),
        ]
        if let file = exchange.certificateAuthorityFile { texts.append((CURLOPT_CAINFO, file)) }
        if exchange.method == .delete { texts.append((CURLOPT_CUSTOMREQUEST, "DELETE")) }
        return texts
    }

    /// Hands the answer to who waits for it. To be called once.
    func end(status: Int, code: CURLcode) {
        switch code {
        case CURLE_OK: end(with: answer(status: status))
        case CURLE_OPERATION_TIMEDOUT: end(with: .failure(.timedOut))
        case CURLE_PARTIAL_FILE: end(with: .failure(.truncated))
        case CURLE_WRITE_ERROR where isTooLarge:
            end(with: .failure(.answerTooLarge(bytesMax: exchange.answerBytesMax)))
        default:
            let reason = unsafe curl_easy_strerror(code).map { unsafe String(cString: $0) } ?? ""
            end(with: .failure(.connection(code: Int(code.rawValue), reason: reason)))
        }
    }

    func end(with result: Result<Answer, TransferFailure>) { continuation.resume(returning: result) }

    private func answer(status: Int) -> Result<Answer, TransferFailure> {
        flush()
        // A body that ends with the connection may end anywhere.
        let isFramed = fields["content-length"] != nil || fields["transfer-encoding"] != nil
        guard isFramed || !exchange.needsLength || receivedCount == 0 && exchange.method != .get else {
            return .failure(.unframed)
        }
        return .success(Answer(status: status, fields: fields, body: blocks))
    }

    // MARK: What libcurl calls, on the loop's thread

    /// A line of the answer's head.
    fileprivate func receive(field line: UnsafeRawBufferPointer) {
        let text = unsafe String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            // An interim answer, such as 100, came before.
            fields.removeAll()
            return
        }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), fields.count < Self.fieldsMax else { return }
        let value = text[colon...].dropFirst()
        guard let first = value.unicodeScalars.firstIndex(where: { !$0.properties.isWhitespace }) else { return }
        let last = value.unicodeScalars.lastIndex { !$0.properties.isWhitespace } ?? first
        fields[text[..<colon].lowercased()] = String(value[first...last])
    }

    /// - Returns: Whether there is room for it.
    fileprivate func receive(body: UnsafeRawBufferPointer) -> Bool {
        guard receivedCount + body.count <= exchange.answerBytesMax else {
            isTooLarge = true
            return false
        }
        receivedCount += body.count
        var rest = unsafe UnsafeRawBufferPointer(rebasing: body[...])
        while unsafe !rest.isEmpty {
            let block = unsafe self.block ?? .allocate(byteCount: Self.blockBytes, alignment: 16)
            unsafe self.block = block
            let count = min(rest.count, Self.blockBytes - blockCount)
            unsafe UnsafeMutableRawBufferPointer(rebasing: block[blockCount..<blockCount + count])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            blockCount += count
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if blockCount == Self.blockBytes { flush() }
        }
        return true
    }

    private func flush() {
        guard let block = unsafe block, blockCount > 0 else { return }
        unsafe blocks.append(Bytes(copying: UnsafeRawBufferPointer(rebasing: block[..<blockCount])))
        blockCount = 0
    }

    /// - Returns: How many bytes were written; 0 at the end.
    fileprivate func send(into room: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        while count < room.count, sentBuffers < exchange.body.count {
            let piece = exchange.body[sentBuffers].dropFirst(sentOfBuffer).prefix(room.count - count)
            if piece.isEmpty {
                sentBuffers += 1
                sentOfBuffer = 0
                continue
            }
            unsafe piece.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: source)
            }
            count += piece.count
            sentOfBuffer += piece.count
        }
        return count
    }

    /// Goes back in the body: libcurl sends it again when a kept connection turns out to be closed.
    ///
    /// - Returns: Whether there is such a place.
    fileprivate func rewind(to offset: Int) -> Bool {
        (sentBuffers, sentOfBuffer) = (0, 0)
        var left = offset
        while left > 0, sentBuffers < exchange.body.count {
            let step = min(left, exchange.body[sentBuffers].count)
            left -= step
            if left > 0 { sentBuffers += 1 } else { sentOfBuffer = step }
        }
        return left == 0
    }
}

/// Set by whoever gives up waiting.
final class CancellationMark: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}

// libcurl calls these on the thread of the loop, while the loop keeps the transfer that `context` is. Memory is lent
// for the call.

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func receiveField(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    unsafe transfer(context)?.receive(field: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let body = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    // Any other number than that of the bytes ends the transfer.
    return unsafe transfer(context)?.receive(body: body) == true ? size * count : 0
}

private func sendBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    unsafe transfer(context)?.send(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func rewindBody(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard origin == 0, let transfer = unsafe transfer(context), transfer.rewind(to: Int(offset)) else {
        return CURL_SEEKFUNC_FAIL
    }
    return CURL_SEEKFUNC_OK
}
