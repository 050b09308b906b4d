internal import CFFmpeg
public import Media

/// A decoded picture: immutable, reference counted, and shared between threads without a copy.
///
/// Unsafe code, and why `@unchecked Sendable` holds: the frame is owned from `init` to `deinit`, and nobody writes to
/// it or to its planes in between. What needs a changed field makes a new frame that refers to the same planes, whose
/// counts libav changes atomically.
@safe public final class Picture: @unchecked Sendable {
    let frame: UnsafeMutablePointer<AVFrame>
    /// In samples, after cropping.
    public let size: PictureSize
    /// In 1/90,000 s.
    public let presentationTime: Int64
    /// The shape of a sample; square when nothing is known.
    public let sampleAspectRatio: Ratio
    /// Whether its lines belong to two fields of different times.
    public let isInterlaced: Bool

    /// Takes a filled frame, whose time counts 1/90,000 s.
    init(_ filled: consuming LibavFrame) {
        let frame = unsafe filled.take()
        unsafe self.frame = unsafe frame
        size = unsafe PictureSize(width: Int(frame.pointee.width), height: Int(frame.pointee.height))
        presentationTime = unsafe frame.pointee.pts
        sampleAspectRatio = Ratio(unsafe frame.pointee.sample_aspect_ratio) ?? .one
        isInterlaced = unsafe frame.pointee.interlaced_frame != 0
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = unsafe self.frame
        unsafe av_frame_free(&frame)
    }

    /// How samples are laid out in memory.
    var format: AVPixelFormat { AVPixelFormat(rawValue: unsafe frame.pointee.format) }

    /// Whether luma uses all code values.
    var isFullRange: Bool {
        switch format {
        case AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P: true
        default: unsafe frame.pointee.color_range == AVCOL_RANGE_JPEG
        }
    }
}

extension Ratio {
    /// `nil` when it is unspecified.
    init?(_ ratio: AVRational) {
        guard let numerator = UInt32(exactly: ratio.num), let denominator = UInt32(exactly: ratio.den) else {
            return nil
        }
        self.init(numerator, denominator)
    }

    /// The ratio for libav, which has 31 bits for each part: what does not fit is brought as near as it can be.
    var libav: AVRational {
        var reduced = AVRational(num: 1, den: 1)
        unsafe av_reduce(&reduced.num, &reduced.den, Int64(numerator), Int64(denominator), Int64(Int32.max))
        return reduced
    }
}
