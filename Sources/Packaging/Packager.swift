import Bytes
public import Media

/// Turns a broadcast's frames into stored media and timeline events.
///
/// A value without a clock or I/O: whatever is appended, the outputs follow from the entries alone. So any process that
/// reads the same frame log makes the same names with the same bytes; one that starts in the middle does so from a
/// ``Checkpoint``.
///
/// Video comes as the encoder's own frames, which become one rendition, or as pictures in several qualities.
///
/// Memory is bounded: it holds the open segment of each track, ``RunPackager/waitingFramesMax`` audio frames that
/// wait for video, at the beginning of a run what arrives in a target duration, and behind a hole what arrives until it
/// is known whether it is in both tracks.
public struct Packager: Sendable {
    /// How media is cut and named.
    public struct Configuration: Sendable, Hashable {
        /// The target duration of segments, in milliseconds.
        public var segmentMilliseconds: Int64
        /// The wanted duration of parts, in milliseconds.
        public var partMilliseconds: Int64
        /// The folder of the encoder's own video.
        public var videoName: String
        /// The folder of the audio rendition.
        public var audioName: String

        /// The allowed range of ``segmentMilliseconds``.
        public static let segmentMillisecondsRange: ClosedRange<Int64> = 1000...10_000
        /// The shortest ``partMilliseconds``.
        public static let partMillisecondsMin: Int64 = 100

        public init(
            segmentMilliseconds: Int64 = 2000, partMilliseconds: Int64 = 333, videoName: String = "source",
            audioName: String = "audio"
        ) {
            precondition(
                Self.segmentMillisecondsRange ~= segmentMilliseconds, "a segment lasts 1 to 10 seconds")
            precondition(
                Self.partMillisecondsMin...segmentMilliseconds ~= partMilliseconds,
                "a part lasts at least 0.1 seconds and at most as long as a segment")
            precondition(
                Rendition.isLegalName(videoName) && Rendition.isLegalName(audioName) && videoName != audioName,
                "renditions need two legal names")
            self.segmentMilliseconds = segmentMilliseconds
            self.partMilliseconds = partMilliseconds
            self.videoName = videoName
            self.audioName = audioName
        }
    }

    /// How long audio at the beginning of a run waits for video, in media time: what comes before the first picture is
    /// lost. Video waits for audio as long as the target duration, since nothing can be played before.
    ///
    /// Only frames count as a track: what metadata announced and never sent holds nothing up.
    public static let gatheringMilliseconds: Int64 = 1000
    /// How many frames the beginning of a run may hold.
    static let gatheredFramesMax = 4096
    /// How many audio frames may wait for the key frame with which a track joins.
    static let joiningFramesMax = 1024
    /// How much audio may wait for the key frame with which it joins, in milliseconds.
    static let joiningMilliseconds: Int64 = 12_000
    /// How much audio may wait for video that joins and is behind, in milliseconds.
    static let holdingMilliseconds: Int64 = 6_000
    /// The longest hole in all tracks to be played as part of a run, in milliseconds. What lies behind a longer one
    /// begins a run behind a discontinuity, as after a lost connection.
    static let holeMilliseconds: Int64 = 1000
    /// How far apart frames may be that wait for the other track to show whether a hole is in both, in milliseconds.
    static let beyondHoleMilliseconds: Int64 = 3000
    /// How many frames may wait for that.
    static let beyondHoleFramesMax = 1024
    /// Decode times above are refused, in ticks.
    static let timeMax: Int64 = 1 << 52

    public let configuration: Configuration
    private(set) var broadcast: Broadcast?
    /// The encoder's own video as a ladder of one rendition.
    private var sourceLadder: VideoLadder?

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Continues where another packager has passed a boundary.
    ///
    /// Entries must be appended from ``Checkpoint/position`` on; the outputs of all segments from the boundary on come
    /// again, the same as before.
    public init(_ configuration: Configuration, resuming checkpoint: Checkpoint) {
        self.configuration = configuration
        broadcast = Broadcast(configuration, resuming: checkpoint)
    }

    /// The newest boundary from which another packager can continue. It changes when all tracks have finished a
    /// segment; `nil` outside of a run.
    public var checkpoint: Checkpoint? { broadcast?.checkpoint }

    /// The number of the segment that the newest frame of the video rendition that leads is in; `nil` outside of a run.
    public var openSegmentNumber: Int64? { broadcast?.openSegmentNumber }

    /// Takes the next entry of the frame log.
    ///
    /// Frames before a broadcast began are ignored, and so are those that cannot be decoded or come too late.
    ///
    /// - Parameters:
    ///   - entry: In the order of the log.
    ///   - position: Its place in the log, for ``checkpoint``; rises from entry to entry.
    /// - Returns: What to do, in order; usually nothing, since a frame completes something only now and then.
    public mutating func append(_ entry: BroadcastEntry, position: Int64 = 0) -> [PackagerOutput] {
        var outputs: [PackagerOutput] = []
        switch entry {
        case .began(let origin):
            if let broadcast, origin.continues(broadcast.origin) { return append(.interrupted, position: position) }
            broadcast?.end(&outputs)
            broadcast = Broadcast(configuration, origin: origin)
            outputs.append(.announce(.began(origin)))
        case .frame(let frame):
            guard isLegal(frame) else { break }
            let ladder = frame.track.kind == .video ? ladder(of: frame.track) : nil
            broadcast?.append(RunPackager.Placed(frame: frame, position: position, ladder: ladder), &outputs)
        case .interrupted:
            guard broadcast != nil else { break }
            broadcast?.interrupt(&outputs)
            outputs.append(.announce(.interrupted))
        case .ended:
            guard broadcast != nil else { break }
            broadcast?.end(&outputs)
            broadcast = nil
            outputs.append(.announce(.ended))
        }
        return outputs
    }

    /// Takes the next picture of a broadcast that is made in several qualities; its audio comes as entries.
    ///
    /// What changes from one ladder to the next must do so at a key frame of the leader.
    public mutating func append(_ picture: LadderPicture, position: Int64 = 0) -> [PackagerOutput] {
        guard isLegal(picture.leading) else { return [] }
        var outputs: [PackagerOutput] = []
        let followers = picture.following.filter { isLegal($0.frame) }
        broadcast?.append(
            RunPackager.Placed(
                frame: picture.leading, position: position, ladder: picture.ladder, followers: followers), &outputs)
        return outputs
    }

    private func isLegal(_ frame: Frame) -> Bool { 0...Self.timeMax ~= frame.decodeTime && !frame.payload.isEmpty }

    private mutating func ladder(of track: Track) -> VideoLadder {
        if let sourceLadder, sourceLadder.members[0].track === track { return sourceLadder }
        let ladder = VideoLadder([VideoLadder.Member(name: configuration.videoName, track: track)])
        sourceLadder = ladder
        return ladder
    }
}
