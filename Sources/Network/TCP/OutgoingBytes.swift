internal import Bytes
internal import CLinux
internal import Glibc

/// What a connection has still to send: references to shared buffers, in order, never copies of them.
struct OutgoingBytes {
    /// An emptied list keeps its memory up to this many entries, so that the next response needs no allocation.
    private static let keptCapacityMax = 16

    private var buffers: [Bytes] = []
    /// The first buffer that is not wholly sent.
    private var first = 0
    /// How many bytes are left.
    private(set) var byteCount = 0
    /// Whether some of the first buffer has been sent.
    private var isFirstBegun = false

    /// How many buffers are left.
    var bufferCount: Int { buffers.count - first }
    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ bytes: Bytes) {
        guard !bytes.isEmpty else { return }
        buffers.append(bytes)
        byteCount += bytes.count
    }

    /// Forgets bytes that the kernel has taken, at most `byteCount`.
    mutating func consume(_ length: Int) {
        byteCount -= length
        guard byteCount > 0 else { return removeAll() }
        var length = length
        while length >= buffers[first].count {
            length -= buffers[first].count
            buffers[first] = Bytes()
            first += 1
            isFirstBegun = false
        }
        if length > 0 {
            buffers[first] = buffers[first].dropFirst(length)
            isFirstBegun = true
        }
        // A long-lived queue must not grow by what has been sent: drop the sent half when it is the greater one.
        if first > 32 && first * 2 > buffers.count {
            buffers.removeFirst(first)
            first = 0
        }
    }

    mutating func removeAll() {
        buffers.removeAll(keepingCapacity: buffers.capacity <= Self.keptCapacityMax)
        first = 0
        byteCount = 0
        isFirstBegun = false
    }

    /// Forgets the buffers of which nothing has been sent.
    mutating func removeUnbegun() {
        guard isFirstBegun else { return removeAll() }
        let begun = buffers[first]
        removeAll()
        append(begun)
        isFirstBegun = true
    }

    /// Hands what is left to the kernel in one call.
    ///
    /// - Returns: How many bytes were offered and how many the kernel took; nil when it takes nothing now.
    func send(to socket: Socket, by vectors: WriteVectors) throws(NetworkError) -> (offered: Int, taken: Int)? {
        var count = 0
        var offered = 0
        for index in first..<min(buffers.count, first + WriteVectors.capacity) {
            // The address outlives the closure: a buffer's memory does not move, and `self` holds the buffer until
            // after the call below.
            unsafe buffers[index].withUnsafeBytes { memory in
                unsafe vectors.start[count] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: memory.baseAddress), iov_len: memory.count)
                offered += memory.count
            }
            count += 1
        }
        defer { withExtendedLifetime(buffers) {} }
        switch try systemCall("sendmsg", { unsafe clinux_send(socket.descriptor, vectors.start, count) }) {
        case .value(let taken): return (offered, taken)
        case .wouldBlock: return nil
        }
    }
}

/// Memory for the addresses of one vectored write; each loop has one, and its thread alone uses it.
@safe final class WriteVectors {
    /// Linux takes no more in one call (IOV_MAX).
    static let capacity = 1024

    let start: UnsafeMutablePointer<iovec>

    init() {
        unsafe start = .allocate(capacity: Self.capacity)
    }

    deinit {
        unsafe start.deallocate()
    }
}
