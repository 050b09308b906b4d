import Bytes
public import Media

/// One of the streams that viewers can choose or that play together: a folder of segments with one codec configuration.
public struct Rendition: Sendable {
    /// The folder in URLs and store keys: `source`, `audio`. 1 to ``nameBytesMax`` letters of `a-z 0-9 - _`.
    public let name: String
    /// The number of the first segment that this codec configuration applies to.
    ///
    /// It names the initialisation segment. A number of a segment rather than a counter, because it is unique, rises,
    /// and whoever packages the stream from any checkpoint finds the same one without knowing the configurations
    /// before.
    public let epoch: Int64
    /// The configuration and the timescale.
    public let track: Track

    /// The longest folder name, in bytes.
    public static let nameBytesMax = 32

    /// - Parameter name: See ``name``; whether it is legal is the caller's to check with ``isLegalName(_:)``.
    public init(name: String, epoch: Int64, track: Track) {
        self.name = name
        self.epoch = epoch
        self.track = track
    }

    public var kind: MediaKind { track.kind }

    public var timescale: Int32 { track.timescale }

    /// Where the initialisation segment is stored, and the tail of its URL.
    public var initializationName: String { "\(name)/init-\(epoch).mp4" }

    /// Whether a name can stand in URLs, store keys and playlists without escaping.
    public static func isLegalName(_ name: String) -> Bool {
        guard 1...nameBytesMax ~= name.utf8.count else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}

extension Rendition: Hashable {
    public static func == (left: Rendition, right: Rendition) -> Bool {
        left.name == right.name && left.epoch == right.epoch && left.track.configuration == right.track.configuration
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(epoch)
    }
}

/// A stretch of a broadcast that decodes and presents without a seam, with the same renditions throughout.
///
/// A new run begins with the broadcast, behind every discontinuity, with every changed codec configuration, and when a
/// track joins. It is what DASH calls a Period.
public struct Run: Sendable, Hashable {
    /// The number of its first segment, which identifies it.
    public let number: Int64
    /// Rises by exactly one with each discontinuity (RFC 8216, 6.2.1); runs without a seam between them share it.
    public let discontinuitySequence: Int
    /// How many runs of the broadcast came before it.
    ///
    /// In a transport stream each run is a discontinuity, because the tracks in it may be others.
    public let ordinal: Int
    /// Where it begins on the broadcast's timeline, in milliseconds: at or less than one before its first presentation.
    ///
    /// Whole milliseconds, so that the time can be written exactly in every manifest.
    public let startMilliseconds: Int64
    /// Video first. One or two now; see ``renditionsMax``.
    public let renditions: [Rendition]

    /// The most renditions that a run can have.
    public static let renditionsMax = 16

    public init(
        number: Int64, discontinuitySequence: Int, ordinal: Int, startMilliseconds: Int64, renditions: [Rendition]
    ) {
        self.number = number
        self.discontinuitySequence = discontinuitySequence
        self.ordinal = ordinal
        self.startMilliseconds = startMilliseconds
        self.renditions = renditions
    }

    /// The rendition in a folder.
    public func rendition(named name: String) -> Rendition? { renditions.first { $0.name == name } }

    /// The first rendition of a kind.
    public func rendition(of kind: MediaKind) -> Rendition? { renditions.first { $0.kind == kind } }
}
