internal import CFFmpeg
public import Media

/// Brings pictures to one size.
///
/// For one thread at a time. Bicubic, as FFmpeg's own default.
public final class Scaler {
    private let size: PictureSize
    private var conversion: PictureConversion?

    /// - Parameter size: Of the pictures to make, both sides above zero.
    public init(to size: PictureSize) {
        self.size = size
    }

    /// Scales a picture; one that has the size is returned as it is.
    ///
    /// The new picture is 8-bit 4:2:0, has the same time, and the sample aspect ratio that keeps the shape of what is
    /// shown: square when the size has that shape but for the rounding to even numbers.
    ///
    /// - Throws: `CodecFailure.converting` when the format is not one that can be scaled.
    public func scale(_ picture: Picture) throws(CodecFailure) -> Picture {
        guard picture.size != size else { return picture }
        if conversion?.fits(picture) != true {
            conversion = try PictureConversion(from: picture, to: size, format: AV_PIX_FMT_YUV420P)
        }
        guard let conversion else { return picture }
        return try conversion.convert(picture)
    }

    /// The sample aspect ratio that a picture has after scaling.
    static func sampleAspectRatio(
        of size: PictureSize, sample: Ratio, scaledTo new: PictureSize
    ) -> Ratio {
        // Width to height as shown, and what the sample must be for the new size to show the same.
        let wide = size.width * Int(sample.numerator)
        let high = size.height * Int(sample.denominator)
        let numerator = wide * new.height
        let denominator = high * new.width
        // Square samples show this width for the new height, or this height for the new width.
        let squareWidth = wide * new.height / max(high, 1)
        let squareHeight = high * new.width / max(wide, 1)
        if abs(squareWidth - new.width) <= roundingMax || abs(squareHeight - new.height) <= roundingMax { return .one }
        var reduced = AVRational(num: 1, den: 1)
        // A sequence parameter set has 16 bits for each part.
        unsafe av_reduce(&reduced.num, &reduced.den, Int64(numerator), Int64(denominator), 65_535)
        return Ratio(reduced) ?? .one
    }

    /// By how much a side may differ from the exact one because sides are even numbers, in samples.
    private static let roundingMax = 2
}
