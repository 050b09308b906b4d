public import Bytes
internal import CFFmpeg
internal import Media

/// Pictures as files of their own.
public enum StillImage {
    /// A JPEG of a picture, scaled to a width, on square pixels.
    ///
    /// Unsafe code: fields of an encoder's context that lives for this call.
    ///
    /// - Parameters:
    ///   - width: In pixels, at least 16; a picture that is narrower keeps its own width.
    ///   - quality: 1 to 100, the best.
    public static func jpeg(of picture: Picture, width: Int, quality: Int) throws(CodecFailure) -> Bytes {
        let shown =
            picture.size.width * Int(picture.sampleAspectRatio.numerator)
            / Int(picture.sampleAspectRatio.denominator)
        let used = max(16, min(width, shown)) / 2 * 2
        // Round to the nearest even height; a shape that nobody has is not worth more than a square.
        let high = (picture.size.height * used + max(shown, 1)) / max(shown, 1) / 2 * 2
        let size = PictureSize(width: used, height: 16...used * 8 ~= high ? high : used)
        let conversion = try PictureConversion(from: picture, to: size, format: AV_PIX_FMT_YUVJ420P)
        let converted = try conversion.convert(picture)

        let context = try CodecContext.encoder(named: "mjpeg")
        let fields = unsafe context.pointer
        unsafe fields.pointee.width = Int32(size.width)
        unsafe fields.pointee.height = Int32(size.height)
        unsafe fields.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
        unsafe fields.pointee.color_range = AVCOL_RANGE_JPEG
        unsafe fields.pointee.time_base = Libav.timeBase
        unsafe fields.pointee.thread_count = 1
        // Quantisers go from 2, the best, to 31.
        let quantiser = 31 - (max(1, min(quality, 100)) - 1) * 29 / 99
        unsafe fields.pointee.flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT
        unsafe fields.pointee.global_quality = FF_QP2LAMBDA * Int32(quantiser)
        try context.open()
        let frame = try LibavFrame()
        var code = unsafe av_frame_ref(frame.pointer, converted.frame)
        unsafe frame.pointer.pointee.quality = FF_QP2LAMBDA * Int32(quantiser)
        if code >= 0 { code = unsafe context.send(frame.pointer) }
        if code >= 0 { code = unsafe context.send(nil) }
        guard code >= 0 else { throw .encoding(reason: Libav.reason(code)) }
        guard let output = try context.receive() else { throw .encoding(reason: "no picture came out") }
        return output.payload
    }
}
