internal import CFFmpeg
internal import Media

/// Memory for pictures of one size and format, used again when a picture is gone.
///
/// Fresh memory of this size would be mapped and cleared by the kernel for each picture. As many buffers exist as
/// pictures of the pool existed at one time.
///
/// Unsafe code: the pool's pointer is valid from `init` to `deinit`; buffers that are out keep what they need of it.
@safe final class FramePool {
    let size: PictureSize
    let format: AVPixelFormat
    private let pool: OpaquePointer
    /// Lines begin at multiples of it, as vector instructions like it.
    private static let alignment: Int32 = 64

    init(size: PictureSize, format: AVPixelFormat) throws(CodecFailure) {
        self.size = size
        self.format = format
        let length = av_image_get_buffer_size(format, Int32(size.width), Int32(size.height), Self.alignment)
        guard length > 0 else { throw .converting(reason: "no picture of \(size.width)x\(size.height)") }
        // Vector code may read and write a little past the last line.
        guard let pool = unsafe av_buffer_pool_init(Int(length) + Int(Self.alignment), nil) else {
            throw .converting(reason: Libav.reason(Libav.outOfMemory))
        }
        unsafe self.pool = pool
    }

    deinit {
        var pool: OpaquePointer? = unsafe self.pool
        unsafe av_buffer_pool_uninit(&pool)
    }

    /// A frame with memory of unknown content.
    func makeFrame() throws(CodecFailure) -> LibavFrame {
        let frame = try LibavFrame()
        let fields = unsafe frame.pointer
        guard let buffer = unsafe av_buffer_pool_get(pool) else {
            throw .converting(reason: Libav.reason(Libav.outOfMemory))
        }
        unsafe fields.pointee.buf.0 = buffer
        unsafe fields.pointee.format = format.rawValue
        unsafe fields.pointee.width = Int32(size.width)
        unsafe fields.pointee.height = Int32(size.height)
        let code = unsafe withUnsafeMutablePointer(to: &fields.pointee.data.0) { planes in
            unsafe withUnsafeMutablePointer(to: &fields.pointee.linesize.0) { lines in
                unsafe av_image_fill_arrays(
                    planes, lines, buffer.pointee.data, format, fields.pointee.width, fields.pointee.height,
                    Self.alignment)
            }
        }
        guard code >= 0 else { throw .converting(reason: Libav.reason(code)) }
        return frame
    }
}
