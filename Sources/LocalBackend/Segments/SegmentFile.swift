import Bytes
import Glibc
import StreamingCore

/// An open file: the system calls behind the directory store. Every call may block.
///
/// Unsafe code: memory is lent to `read` and `write` only for the call, with its own length.
struct SegmentFile: ~Copyable {
    /// The largest file to read into memory; nothing larger is ever written here.
    static let bytesMax = 512 << 20

    private let descriptor: Int32
    private let path: String

    /// - Throws: ``StreamError/database(reason:)``, or returns `nil` when there is no such file or folder.
    init?(opening path: String, flags: Int32) throws(StreamError) {
        descriptor = unsafe open(path, flags | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.failure("cannot be opened", path)
        }
    }

    deinit { close(descriptor) }

    /// The whole file.
    func readAll() throws(StreamError) -> Bytes {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("cannot be examined", path) }
        let length = Int(status.st_size)
        guard length <= Self.bytesMax else { throw .overloaded(what: "\(Self.bytesMax) bytes of a segment file") }
        return try unsafe Bytes(unsafeCapacity: length) { memory throws(StreamError) in
            var count = 0
            while count < length {
                let received = unsafe read(descriptor, memory.baseAddress?.advanced(by: count), length - count)
                if received < 0, errno == EINTR { continue }
                guard received > 0 else { throw Self.failure("ends early or cannot be read", path) }
                count += received
            }
            return count
        }
    }

    /// Writes buffers one behind the other.
    func write(_ buffers: [Bytes]) throws(StreamError) {
        for buffer in buffers {
            try unsafe buffer.withUnsafeBytes { memory throws(StreamError) in
                var count = 0
                while count < memory.count {
                    let sent = unsafe Glibc.write(
                        descriptor, memory.baseAddress?.advanced(by: count), memory.count - count)
                    if sent < 0, errno == EINTR { continue }
                    guard sent >= 0 else { throw Self.failure("cannot be written", path) }
                    count += sent
                }
            }
        }
    }

    /// Takes the lock that one process can have on a file; it is held until the file is closed.
    func lock() throws(StreamError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .conflict(reason: "\(path) is locked: another process uses this folder")
        }
    }

    static func failure(_ action: String, _ path: String) -> StreamError {
        .database(reason: "\(path) \(action): \(unsafe String(cString: strerror(errno)))")
    }
}
