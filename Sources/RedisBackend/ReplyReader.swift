import Bytes
internal import CHiredis

/// Splits what a server sends into answers, by hiredis's reader.
///
/// The reader is given functions of ours in place of its own, for three reasons: a value is copied once into its
/// `Bytes` and not into a C object before; the number of elements that a server announces reserves no memory; and what
/// one answer may hold is bounded.
///
/// Unsafe code: hiredis holds answers in the making by address. The root of an answer is retained for it, and released
/// by whoever takes it: `next()`, or hiredis itself through `releaseNode` when it gives an answer up. Nodes below the
/// root are held by their parents. `limits` is lent to the reader, which does not outlive this object.
@safe final class ReplyReader {
    /// An idle reader keeps its buffer up to this size, so that segments do not make it grow from nothing each time.
    private static let keptBytesMax = 1 << 20

    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let reader: UnsafeMutablePointer<redisReader>
    private let limits = ReplyLimits()
    /// What was fed since the last whole answer.
    private var pendingBytes = 0

    init() throws(RedisFailure) {
        unsafe functions = .allocate(capacity: 1)
        unsafe functions.initialize(
            to: redisReplyObjectFunctions(
                createString: makeString, createArray: makeArray, createInteger: makeInteger, createNil: makeNil,
                freeObject: releaseNode))
        guard let reader = unsafe redisReaderCreateWithFunctions(functions) else {
            unsafe functions.deallocate()
            throw .unreachable("there is no memory")
        }
        unsafe self.reader = reader
        unsafe reader.pointee.maxbuf = Self.keptBytesMax
        unsafe reader.pointee.privdata = Unmanaged.passUnretained(limits).toOpaque()
    }

    deinit {
        unsafe redisReaderFree(reader)
        unsafe functions.deallocate()
    }

    /// Takes bytes from the server.
    func feed(_ memory: UnsafeRawBufferPointer) throws(RedisFailure) {
        pendingBytes += memory.count
        guard pendingBytes <= RedisLimits.replyBytesMax else { throw .nonsense }
        let text = unsafe memory.bindMemory(to: CChar.self)
        guard unsafe redisReaderFeed(reader, text.baseAddress, text.count) == REDIS_OK else { throw .nonsense }
    }

    /// The next whole answer; `nil` when more bytes are needed.
    func next() throws(RedisFailure) -> RedisReply? {
        var object: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &object) == REDIS_OK else { throw .nonsense }
        guard let object = unsafe object else { return nil }
        pendingBytes = unsafe reader.pointee.len - reader.pointee.pos
        limits.elements = 0
        return unsafe Unmanaged<ReplyNode>.fromOpaque(object).takeRetainedValue().reply
    }
}

/// Counts the elements of the answer in the making.
private final class ReplyLimits {
    var elements = 0
}

/// An answer, or an element of one, in the making.
private final class ReplyNode {
    private let value: RedisReply
    var children: [ReplyNode] = []

    init(_ value: RedisReply) { self.value = value }

    /// The finished answer. hiredis refuses deeper nesting than 7, so the recursion is bounded.
    var reply: RedisReply {
        if case .array = value { return .array(children.map(\.reply)) }
        return value
    }
}

/// Gives a value to the answer that it belongs to.
///
/// - Returns: The node for hiredis, or nothing, which ends the connection, when the answer has too many elements.
private func node(_ value: RedisReply, _ task: UnsafePointer<redisReadTask>?) -> UnsafeMutableRawPointer? {
    guard let task = unsafe task, let context = unsafe task.pointee.privdata else { return nil }
    let limits = unsafe Unmanaged<ReplyLimits>.fromOpaque(context).takeUnretainedValue()
    limits.elements += 1
    guard limits.elements <= RedisLimits.replyElementsMax else { return nil }
    let node = ReplyNode(value)
    guard let parent = unsafe task.pointee.parent else { return unsafe Unmanaged.passRetained(node).toOpaque() }
    guard let object = unsafe parent.pointee.obj else { return nil }
    unsafe Unmanaged<ReplyNode>.fromOpaque(object).takeUnretainedValue().children.append(node)
    return unsafe Unmanaged.passUnretained(node).toOpaque()
}

// Called by hiredis inside `redisReaderGetReply`, on the thread of the connection.

private func makeString(
    _ task: UnsafePointer<redisReadTask>?, _ text: UnsafeMutablePointer<CChar>?, _ length: Int
) -> UnsafeMutableRawPointer? {
    let bytes = unsafe Bytes(copying: UnsafeRawBufferPointer(start: text, count: length))
    let value: RedisReply =
        switch unsafe task?.pointee.type {
        case REDIS_REPLY_ERROR: .error(text: bytes)
        case REDIS_REPLY_STATUS: .status(bytes)
        default: .string(bytes)
        }
    return unsafe node(value, task)
}

private func makeArray(
    _ task: UnsafePointer<redisReadTask>?, _ count: sluice_redis_count
) -> UnsafeMutableRawPointer? {
    guard Int(count) <= RedisLimits.replyElementsMax else { return nil }
    return unsafe node(.array([]), task)
}

private func makeInteger(_ task: UnsafePointer<redisReadTask>?, _ value: Int64) -> UnsafeMutableRawPointer? {
    unsafe node(.integer(value), task)
}

private func makeNil(_ task: UnsafePointer<redisReadTask>?) -> UnsafeMutableRawPointer? {
    unsafe node(.absent, task)
}

private func releaseNode(_ object: UnsafeMutableRawPointer?) {
    guard let object = unsafe object else { return }
    unsafe Unmanaged<ReplyNode>.fromOpaque(object).release()
}
