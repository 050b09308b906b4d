internal import CFFmpeg

/// An `AVFrame` that somebody fills, until it becomes a `Picture` or is sent to an encoder.
///
/// Unsafe code: the pointer is valid from `init` to `deinit` and leaves the object only for calls that end before it
/// does. `take` hands it over; the object has none afterwards and is not used again.
@safe struct LibavFrame: ~Copyable {
    let pointer: UnsafeMutablePointer<AVFrame>

    /// An empty frame.
    init() throws(CodecFailure) {
        guard let frame = unsafe av_frame_alloc() else {
            throw .converting(reason: Libav.reason(Libav.outOfMemory))
        }
        unsafe pointer = frame
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = unsafe pointer
        unsafe av_frame_free(&frame)
    }

    /// Hands the frame to its next owner.
    consuming func take() -> UnsafeMutablePointer<AVFrame> {
        let frame = unsafe pointer
        discard self
        return unsafe frame
    }

    /// Lets go of the data; the frame can be filled again.
    func clear() { unsafe av_frame_unref(pointer) }
}
