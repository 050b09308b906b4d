public import Media

/// What a broadcast is made in at the moment, and how well that keeps up.
public struct LadderReport: Sendable, Equatable {
    /// The video renditions that are made now, the highest first, then the sound.
    public var renditions: [Rendition]
    /// Why no rendition is a copy of the source, for people; `nil` when one is.
    public var copyRefusal: String?
    /// What was given up to keep up; `nil` when nothing was.
    public var degradation: Degradation?
    /// The preset of the software encoders now; `nil` when none runs.
    public var preset: String?
    /// Seconds of media that are transcoded in a second of work: above one is fast enough. `nil` while not known.
    public var realTimeFactor: Double?
    /// How far transcoding is behind the encoder, in milliseconds.
    public var lagMilliseconds: Int64

    public init(
        renditions: [Rendition], copyRefusal: String? = nil, degradation: Degradation? = nil, preset: String? = nil,
        realTimeFactor: Double? = nil, lagMilliseconds: Int64 = 0
    ) {
        self.renditions = renditions
        self.copyRefusal = copyRefusal
        self.degradation = degradation
        self.preset = preset
        self.realTimeFactor = realTimeFactor
        self.lagMilliseconds = lagMilliseconds
    }

    /// What was given up to keep up.
    public struct Degradation: Sendable, Equatable {
        /// The names of the renditions that are not made for now, the highest first; empty when the preset alone is
        /// another.
        public var shedRenditions: [String]
        /// Why, for people.
        public var reason: String

        public init(shedRenditions: [String], reason: String) {
            self.shedRenditions = shedRenditions
            self.reason = reason
        }
    }
}

extension LadderReport {
    /// One rendition of the broadcast.
    public struct Rendition: Sendable, Equatable {
        /// Where it comes from.
        public enum Mode: Sendable, Equatable {
            /// What the publisher's encoder made, unchanged.
            case copy
            /// Encoded here, by an encoder of this name: `libx264`.
            case encode(encoder: String)
        }

        /// Its folder in URLs.
        public var name: String
        /// The picture as it is shown; `nil` for sound.
        public var size: PictureSize?
        /// Pictures per second; `nil` for sound, and where it is not known.
        public var frameRate: Ratio?
        /// Measured for a copy, aimed at otherwise.
        public var bitsPerSecond: Int
        public var mode: Mode

        public init(name: String, size: PictureSize?, frameRate: Ratio? = nil, bitsPerSecond: Int, mode: Mode) {
            self.name = name
            self.size = size
            self.frameRate = frameRate
            self.bitsPerSecond = bitsPerSecond
            self.mode = mode
        }

        /// Whether it is pictures, and not sound.
        public var isVideo: Bool { size != nil }
        /// In pixels.
        public var width: Int? { size?.width }
        /// In pixels.
        public var height: Int? { size?.height }
        /// ``frameRate`` as a number to show.
        public var picturesPerSecond: Double? { frameRate.map { Double($0.numerator) / Double($0.denominator) } }
    }
}
