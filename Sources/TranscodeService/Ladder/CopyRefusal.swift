import Media

/// Why a source is not copied.
enum CopyRefusal: Error, Sendable, Hashable {
    /// Nobody wants it.
    case policy
    /// No rung is so large.
    case pictureTooLarge(PictureSize)
    /// More pictures per second than the rung has.
    case frameRate(Ratio, rung: String)
    case interlaced
    /// See `SequenceParameterSet.chromaFormat`.
    case chromaFormat(Int)
    case bitDepth(Int)
    /// See `SequenceParameterSet.profileIDC`.
    case profile(UInt8)
    /// Two key frames were further apart than allowed.
    case keyframesApart(milliseconds: Int64, max: Int64)
    /// No key frame came for a longer time than allowed, so far.
    case noKeyframe(milliseconds: Int64, max: Int64)
    /// In bits per second.
    case bitRate(Int, max: Int)

    /// Baseline, Main and High: what every browser and every phone decodes.
    static let playableProfiles: [UInt8] = [66, 77, 100]

    /// What can be said without a frame; `nil` when nothing speaks against a copy.
    init?(of source: SourcePicture, _ candidate: PlannedRendition?, _ policy: CopyPolicy) {
        if policy == .encode {
            self = .policy
        } else if !source.isProgressive {
            self = .interlaced
        } else if source.chromaFormat != 1 {
            self = .chromaFormat(source.chromaFormat)
        } else if source.bitDepth != 8 {
            self = .bitDepth(source.bitDepth)
        } else if !Self.playableProfiles.contains(source.profileIDC) {
            self = .profile(source.profileIDC)
        } else if let candidate {
            guard policy == .auto, candidate.halvesFrameRate, let rate = source.frameRate else { return nil }
            self = .frameRate(rate, rung: candidate.name)
        } else {
            self = .pictureTooLarge(source.size)
        }
    }
}

extension CopyRefusal: CustomStringConvertible {
    /// A sentence for logs and for who runs the encoder, without a full stop.
    var description: String {
        switch self {
        case .policy: "the configuration wants every rendition encoded"
        case .pictureTooLarge(let size): "the picture of \(size.width)x\(size.height) is larger than any rung"
        case .frameRate(let rate, let rung):
            "\(Self.decimal(Int(rate.numerator) * 10 / Int(rate.denominator))) pictures per second are too many for "
                + rung
        case .interlaced: "the pictures are interlaced"
        case .chromaFormat(let format): "the chroma format is \(Self.chromaName(format)); only 4:2:0 plays everywhere"
        case .bitDepth(let bits): "samples have \(bits) bits; only 8 play everywhere"
        case .profile(let profile): "H.264 profile \(profile) does not play everywhere; 66, 77 and 100 do"
        case .keyframesApart(let milliseconds, let max):
            "keyframes are \(Self.seconds(milliseconds)) apart; at most \(Self.seconds(max)) allow a copy"
        case .noKeyframe(let milliseconds, let max):
            "no keyframe came for \(Self.seconds(milliseconds)); at most \(Self.seconds(max)) allow a copy"
        case .bitRate(let rate, let max):
            "the source has \(Self.megabits(rate)) Mbit/s; the rendition has \(Self.megabits(max))"
        }
    }

    private static func chromaName(_ format: Int) -> String {
        switch format {
        case 0: "monochrome"
        case 2: "4:2:2"
        case 3: "4:4:4"
        default: "unknown"
        }
    }

    private static func seconds(_ milliseconds: Int64) -> String { decimal(Int((milliseconds + 50) / 100)) + " s" }

    private static func megabits(_ bits: Int) -> String { decimal((bits + 50_000) / 100_000) }

    /// Tenths as a decimal number, without a zero behind the point.
    private static func decimal(_ tenths: Int) -> String {
        tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
