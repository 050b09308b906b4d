import Media

/// One quality of the ladder, as it is configured.
public struct Rung: Sendable, Hashable {
    /// The folder of its renditions: `720p`.
    public var name: String
    /// The shorter side of the picture, in pixels: its height, unless it stands upright. Even.
    public var height: Int
    /// What its video may have on average, in bits per second.
    public var bitRate: Int
    /// The most pictures per second; a source with more is halved. `nil` leaves those of the source.
    public var frameRateMax: Int?

    public init(name: String, height: Int, bitRate: Int, frameRateMax: Int? = nil) {
        self.name = name
        self.height = height
        self.bitRate = bitRate
        self.frameRateMax = frameRateMax
    }

    /// Others are left out of every plan.
    var isUsable: Bool { 2...AVCLimits.pictureSideMax ~= height && bitRate > 0 }
}

/// What a ladder must know about the pictures of a source.
struct SourcePicture: Sendable, Hashable {
    /// After cropping, in samples.
    var size: PictureSize
    var sampleAspectRatio: Ratio
    /// Pictures per second, where the source says it.
    var frameRate: Ratio?
    /// See `SequenceParameterSet.profileIDC`.
    var profileIDC: UInt8
    /// See `SequenceParameterSet.chromaFormat`: 1 is 4:2:0.
    var chromaFormat: Int
    /// Of luma or chroma, whichever has more.
    var bitDepth: Int
    var isProgressive: Bool

    init(
        size: PictureSize, sampleAspectRatio: Ratio = .one, frameRate: Ratio? = nil, profileIDC: UInt8 = 100,
        chromaFormat: Int = 1, bitDepth: Int = 8, isProgressive: Bool = true
    ) {
        self.size = size
        self.sampleAspectRatio = sampleAspectRatio
        self.frameRate = frameRate
        self.profileIDC = profileIDC
        self.chromaFormat = chromaFormat
        self.bitDepth = bitDepth
        self.isProgressive = isProgressive
    }

    init(_ configuration: AVCConfiguration) {
        let sequence = configuration.sequence
        self.init(
            size: sequence.size, sampleAspectRatio: sequence.sampleAspectRatio, frameRate: sequence.frameRate,
            profileIDC: sequence.profileIDC, chromaFormat: sequence.chromaFormat,
            bitDepth: max(sequence.lumaBitDepth, sequence.chromaBitDepth), isProgressive: sequence.isProgressive)
    }
}

/// One rendition of a source: a rung with the picture that it has there.
struct PlannedRendition: Sendable, Hashable {
    var rung: Rung
    /// Even, and in no direction larger than the source on square pixels.
    var size: PictureSize
    /// Of the encoded picture: square, unless rounding `size` to even numbers would show.
    var sampleAspectRatio: Ratio
    /// Whether the picture has fewer lines than the source.
    var isSmallerThanSource: Bool
    /// Whether every other picture is left out.
    var halvesFrameRate: Bool

    var name: String { rung.name }

    /// The rung's, in bits per second; see ``cappedBitRate(sourceBitRate:)``.
    var bitRate: Int { rung.bitRate }

    /// No rendition gets fewer bits per second, however little a source has shown so far.
    static let bitRateMin = 64_000

    /// The rung's bit rate, and for a smaller picture not more than the source has, in bits per second.
    func cappedBitRate(sourceBitRate: Int) -> Int {
        isSmallerThanSource ? min(bitRate, max(sourceBitRate, Self.bitRateMin)) : bitRate
    }
}

/// Which renditions a source gets.
///
/// The shorter side of the picture on square pixels decides, so that an upright picture of 1080x1920 is `1080p` too.
/// A source gets every rung that is lower than it, and the lowest of those that hold it without scaling:
///
/// ```
/// rungs    1080p      720p       480p
/// source 2560x1440   1920x1080  1280x720   854x480
/// source 1600x900    1600x900   1280x720   854x480
/// source 1280x720       -       1280x720   854x480
/// source 640x360        -          -       640x360
/// ```
///
/// No picture is larger than the source, and all have its aspect ratio on square pixels.
struct LadderPlan: Sendable, Hashable {
    let source: SourcePicture
    /// The highest first, with different names; empty only without rungs.
    let renditions: [PlannedRendition]
    /// The rendition that the source's own pictures can become, if they are small enough for any.
    let copyCandidate: PlannedRendition?

    /// How many times as long as its shorter side a rung's picture may be; longer ones are squeezed. It bounds what a
    /// small rung can cost: a source may be 16x4000.
    static let aspectMax = 4

    init(source: SourcePicture, rungs: [Rung]) {
        self.source = source
        let shown = DisplayedPicture(source)
        var rungs = rungs.filter(\.isUsable).sorted { $0.height > $1.height }
        if let holding = rungs.lastIndex(where: { shown.fits(within: $0.height) }) { rungs.removeFirst(holding) }
        renditions = rungs.map { rung in
            let (size, sampleAspectRatio) = shown.picture(for: rung.height)
            return PlannedRendition(
                rung: rung, size: size, sampleAspectRatio: sampleAspectRatio,
                isSmallerThanSource: !shown.fits(within: rung.height),
                halvesFrameRate: Self.exceeds(source.frameRate, rung.frameRateMax))
        }
        copyCandidate = renditions.first.flatMap { shown.fitsUnchanged(within: $0.rung.height) ? $0 : nil }
    }

    /// Whether a frame rate is above a maximum, by more than encoders' clocks are off: a twentieth.
    private static func exceeds(_ rate: Ratio?, _ frameRateMax: Int?) -> Bool {
        guard let rate, let frameRateMax else { return false }
        return Int(rate.numerator) * 20 > frameRateMax * 21 * Int(rate.denominator)
    }
}

/// A source's picture as it is shown on square pixels: its width is a fraction.
///
/// No product below overflows: sides have 15 bits, the parts of a believed sample aspect ratio 16, and no more than two
/// sides and one such part meet.
private struct DisplayedPicture {
    private let width: (numerator: Int, denominator: Int)
    private let height: Int

    init(_ source: SourcePicture) {
        let side = 1...AVCLimits.pictureSideMax
        let size = PictureSize(
            width: min(max(source.size.width, 1), side.upperBound),
            height: min(max(source.size.height, 1), side.upperBound))
        let aspect = source.sampleAspectRatio
        let (numerator, denominator) = (Int(aspect.numerator), Int(aspect.denominator))
        height = size.height
        // A ratio that leads to no picture that anybody can show is a mistake, as in `SequenceParameterSet`.
        let isBelieved = numerator < 1 << 16 && denominator < 1 << 16
        let shown = (size.width * numerator + denominator / 2) / denominator
        width = isBelieved && side ~= shown ? (size.width * numerator, denominator) : (size.width, 1)
    }

    private var isUpright: Bool { width.numerator < height * width.denominator }

    /// Whether the shorter side has no more lines than a rung, counted in whole macroblocks: 1088 lines are 1080 of an
    /// encoder that does not crop.
    func fits(within rungHeight: Int) -> Bool {
        let lines = (rungHeight + 15) / 16 * 16
        return isUpright ? width.numerator <= lines * width.denominator : height <= lines
    }

    /// Whether the longer side is within a rung's limit too.
    func fitsUnchanged(within rungHeight: Int) -> Bool {
        let longest = rungHeight * LadderPlan.aspectMax
        return fits(within: rungHeight) && height <= longest && width.numerator <= longest * width.denominator
    }

    /// The picture of a rung, and the shape of its samples.
    func picture(for rungHeight: Int) -> (PictureSize, sampleAspectRatio: Ratio) {
        let own = PictureSize(
            width: Self.even(below: width.numerator, by: width.denominator), height: Self.even(below: height, by: 1))
        let lines = Self.even(below: rungHeight, by: 1)
        var size = own
        if !fits(within: rungHeight) {
            size =
                isUpright
                ? PictureSize(
                    width: lines,
                    height: Self.even(nearest: height * width.denominator * lines, by: width.numerator))
                : PictureSize(
                    width: Self.even(nearest: width.numerator * lines, by: height * width.denominator),
                    height: lines)
        }
        let longest = lines * LadderPlan.aspectMax
        size.width = min(size.width, own.width, longest)
        size.height = min(size.height, own.height, longest)
        return (size, sampleAspectRatio(of: size))
    }

    /// What makes a picture of a size look like the source.
    private func sampleAspectRatio(of size: PictureSize) -> Ratio {
        var wide = width.numerator * size.height
        var high = height * width.denominator * size.width
        // Nobody sees half a percent, and players do not agree on what to make of ratios such as 1280:1281.
        if abs(wide - high) * 200 <= high { return .one }
        // The field in the parameter set has 16 bits.
        while wide > 0xFFFF || high > 0xFFFF { (wide, high) = ((wide + 1) / 2, (high + 1) / 2) }
        return Ratio(UInt32(wide), UInt32(high)) ?? .one
    }

    /// The largest even number that is not above a fraction, but at least 2.
    private static func even(below numerator: Int, by denominator: Int) -> Int {
        max(2, numerator / denominator / 2 * 2)
    }

    /// The even number that is nearest to a fraction, but at least 2.
    private static func even(nearest numerator: Int, by denominator: Int) -> Int {
        max(2, (numerator + denominator) / (2 * denominator) * 2)
    }
}
