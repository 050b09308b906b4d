internal import CFFmpeg
internal import Media

/// Converts pictures of one size and format into another size or format, with libswscale.
///
/// Unsafe code: the context's pointer is valid from `init` to `deinit`; frames are lent for the length of a call.
@safe final class PictureConversion {
    private let source: PictureSize
    private let sourceFormat: AVPixelFormat
    private let isFullRange: Bool
    private let resultIsFull: Bool
    private let pool: FramePool
    private let context: OpaquePointer

    /// - Parameters:
    ///   - picture: One like those to convert.
    ///   - size: Of the result.
    ///   - format: Of the result. Formats with J in the name use all code values, others those of television.
    init(from picture: Picture, to size: PictureSize, format: AVPixelFormat) throws(CodecFailure) {
        Libav.quiet
        source = picture.size
        sourceFormat = picture.format
        isFullRange = picture.isFullRange
        pool = try FramePool(size: size, format: format)
        guard
            let context = unsafe sws_getContext(
                Int32(source.width), Int32(source.height), sourceFormat, Int32(size.width), Int32(size.height), format,
                SWS_BICUBIC, nil, nil, nil)
        else {
            throw .converting(reason: "no conversion from \(source.width)x\(source.height), format \(sourceFormat)")
        }
        unsafe self.context = context
        resultIsFull = format == AV_PIX_FMT_YUVJ420P
        if isFullRange { readFullRange() }
    }

    deinit { unsafe sws_freeContext(context) }

    /// Tells the context that the source uses all code values, also where its format's name does not.
    private func readFullRange() {
        let coefficients = unsafe sws_getCoefficients(SWS_CS_DEFAULT)
        let neutral: Int32 = 1 << 16
        unsafe sws_setColorspaceDetails(
            context, coefficients, 1, coefficients, resultIsFull ? 1 : 0, 0, neutral, neutral)
    }

    /// Whether a picture is like the one of `init`.
    func fits(_ picture: Picture) -> Bool {
        picture.size == source && picture.format == sourceFormat && picture.isFullRange == isFullRange
    }

    /// - Parameter picture: One that `fits`.
    func convert(_ picture: Picture) throws(CodecFailure) -> Picture {
        let frame = try pool.makeFrame()
        var code = unsafe av_frame_copy_props(frame.pointer, picture.frame)
        if code >= 0 { code = unsafe sws_scale_frame(context, frame.pointer, picture.frame) }
        guard code >= 0 else { throw .converting(reason: Libav.reason(code)) }
        let ratio = Scaler.sampleAspectRatio(of: source, sample: picture.sampleAspectRatio, scaledTo: pool.size)
        unsafe frame.pointer.pointee.sample_aspect_ratio = ratio.libav
        if resultIsFull || isFullRange {
            unsafe frame.pointer.pointee.color_range = resultIsFull ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        }
        return Picture(frame)
    }
}
