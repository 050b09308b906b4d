internal import CLinux
internal import Glibc

/// What a call on a non-blocking descriptor came to.
enum SystemResult {
    /// The call's value; never negative.
    case value(Int)
    /// The descriptor is not ready; an event will say when it is.
    case wouldBlock
}

/// Makes a system call: repeats it when a signal interrupts, turns "not ready" into a value and all else into an error.
///
/// EBADF and EFAULT can only mean that this module has lost track of a descriptor or of memory. Going on would read
/// or write another connection's socket, so they stop the process.
@inline(__always) func systemCall<Value: FixedWidthInteger>(
    _ name: StaticString, _ body: () -> Value
) throws(NetworkError) -> SystemResult {
    while true {
        let value = body()
        if value >= 0 { return .value(Int(value)) }
        let code = errno
        switch code {
        case EINTR: continue
        case EAGAIN: return .wouldBlock
        default: throw networkError(name, code)
        }
    }
}

@inline(never) private func networkError(_ call: StaticString, _ code: Int32) -> NetworkError {
    precondition(code != EBADF && code != EFAULT, "\(call) was given a descriptor or memory that is not ours")
    switch code {
    case ECONNRESET, EPIPE, ENOTCONN: return .connectionReset
    // The kernel gave up on a peer that no longer answers.
    case ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: return .connectionReset
    default: return .system(call: call.description, errno: code)
    }
}

/// What the C library calls an error number.
func systemMessage(_ code: Int32) -> String {
    // `strerror_r` in its GNU form may return its own static text instead of the buffer.
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
        guard let start = buffer.baseAddress, unsafe strerror_r(code, start, buffer.count) == 0 else {
            return "error \(code)"
        }
        return unsafe String(cString: start)
    }
}
