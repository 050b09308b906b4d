internal import CFFmpeg

/// What the wrappers of libav's libraries share.
///
/// Unsafe code: texts are written into memory that lives for the call.
enum Libav {
    /// The time of a picture or packet that has none.
    static let noTime = sluice_av_nopts()
    /// There is no output before there is more input.
    static let needsInput = sluice_averror_again()
    /// Everything is out.
    static let isAtEnd = sluice_averror_eof()
    static let outOfMemory = sluice_averror_memory()

    /// All times of pictures count 1/90,000 s.
    static let timeBase = AVRational(num: 1, den: 90_000)

    /// Keeps the libraries from writing to standard error: failures are thrown. Done once, by whoever reads it first.
    static let quiet: Void = av_log_set_level(AV_LOG_QUIET)

    /// What an error code means, in the library's words.
    static func reason(_ code: Int32) -> String {
        let length = 128
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: length) { text in
            unsafe text.initialize(repeating: 0)
            guard let start = text.baseAddress, unsafe av_strerror(code, start, length) == 0 else {
                return "error \(code)"
            }
            return unsafe String(cString: start)
        }
    }
}
