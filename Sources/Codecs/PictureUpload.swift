internal import CFFmpeg
internal import Media

/// Brings pictures to where an encoder reads them: for libx264 and NVENC they are there already.
///
/// Unsafe code: both buffers are owned from `init` to `deinit`; frames that were made from them count on their own.
@safe final class PictureUpload {
    /// What the encoder takes.
    let format: AVPixelFormat
    private let size: PictureSize
    private var conversion: PictureConversion?
    private var device: UnsafeMutablePointer<AVBufferRef>?
    private var frames: UnsafeMutablePointer<AVBufferRef>?
    private let usesDevice: Bool

    init(for settings: VideoEncoderSettings) throws(CodecFailure) {
        size = settings.size
        switch settings.kind {
        case .libx264, .h264_nvenc: (format, usesDevice) = (AV_PIX_FMT_YUV420P, false)
        case .h264_qsv: (format, usesDevice) = (AV_PIX_FMT_NV12, false)
        case .h264_vaapi: (format, usesDevice) = (AV_PIX_FMT_VAAPI, true)
        }
        unsafe device = nil
        unsafe frames = nil
        if usesDevice { try openDevice(settings.kind.rawValue) }
    }

    deinit {
        unsafe av_buffer_unref(&frames)
        unsafe av_buffer_unref(&device)
    }

    private func openDevice(_ codec: String) throws(CodecFailure) {
        var code = unsafe av_hwdevice_ctx_create(&device, AV_HWDEVICE_TYPE_VAAPI, nil, nil, 0)
        guard code >= 0, let device = unsafe device else {
            throw .cannotOpen(codec: codec, reason: "no device: \(Libav.reason(code))")
        }
        unsafe frames = unsafe av_hwframe_ctx_alloc(device)
        guard let frames = unsafe frames else {
            throw .cannotOpen(codec: codec, reason: Libav.reason(Libav.outOfMemory))
        }
        unsafe frames.pointee.data.withMemoryRebound(to: AVHWFramesContext.self, capacity: 1) { fields in
            unsafe fields.pointee.format = AV_PIX_FMT_VAAPI
            unsafe fields.pointee.sw_format = AV_PIX_FMT_NV12
            unsafe fields.pointee.width = Int32(size.width)
            unsafe fields.pointee.height = Int32(size.height)
            unsafe fields.pointee.initial_pool_size = Self.surfaces
        }
        code = unsafe av_hwframe_ctx_init(frames)
        guard code >= 0 else { throw .cannotOpen(codec: codec, reason: "no surfaces: \(Libav.reason(code))") }
    }

    /// Surfaces that an encoder may hold at one time: its references and the picture that it works on.
    private static let surfaces: Int32 = 20

    /// Tells an encoder, before it is opened, where its pictures will be.
    func attach(to context: CodecContext) {
        guard let frames = unsafe frames else { return }
        unsafe context.pointer.pointee.hw_frames_ctx = unsafe av_buffer_ref(frames)
    }

    /// The picture in the encoder's form; the same object where it has that form.
    func upload(_ picture: Picture) throws(CodecFailure) -> Picture {
        guard picture.format == AV_PIX_FMT_YUV420P, !picture.isFullRange else {
            throw .converting(reason: "the encoder takes 8-bit 4:2:0 of limited range only")
        }
        guard format != AV_PIX_FMT_YUV420P else { return picture }
        if conversion?.fits(picture) != true {
            conversion = try PictureConversion(from: picture, to: size, format: AV_PIX_FMT_NV12)
        }
        guard let converted = try conversion?.convert(picture) else {
            throw .converting(reason: "no conversion to NV12")
        }
        guard let frames = unsafe frames else { return converted }
        let surface = try LibavFrame()
        var code = unsafe av_hwframe_get_buffer(frames, surface.pointer, 0)
        if code >= 0 { code = unsafe av_hwframe_transfer_data(surface.pointer, converted.frame, 0) }
        if code >= 0 { code = unsafe av_frame_copy_props(surface.pointer, converted.frame) }
        guard code >= 0 else { throw .converting(reason: "upload: \(Libav.reason(code))") }
        return Picture(surface)
    }
}
