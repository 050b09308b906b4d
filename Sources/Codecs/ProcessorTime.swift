internal import Glibc

/// What this process has used of the machine's cores; encoders work on threads of their own, which nobody else can see.
public enum ProcessorTime {
    /// Of all threads since the process began, in nanoseconds.
    public static func nanoseconds() -> Int64 {
        var time = timespec()
        let code = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return code == 0 ? Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) : 0
    }
}
