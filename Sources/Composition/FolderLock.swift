import Glibc
import StreamingCore

/// Sees to it that one process alone takes broadcasts on a data folder: another one would end what this one has on air,
/// believing that it was left behind by a process that died.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``StreamError/conflict(reason:)`` when another process has it.
    init(_ path: String) throws(StreamError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .database(reason: "\(path): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .conflict(reason: "another process takes broadcasts on this DATA_DIR (\(path) is locked)")
        }
    }

    deinit { close(descriptor) }
}
