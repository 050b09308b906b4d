public import Media

/// What a list of recordings says of one.
public struct RecordingOutline: Sendable, Hashable {
    /// What a player can choose, or plays with it.
    public struct Rendition: Sendable, Hashable {
        /// The folder of its segments.
        public let name: String
        public let kind: MediaKind
        /// As it is shown, in lines and columns; `nil` for sound.
        public let width: Int?
        public let height: Int?
        /// On average.
        public let bitsPerSecond: Int64
    }

    /// The number of its first segment, by which it is addressed (``Recording/number``).
    public let number: Int64
    /// The wall clock at its first picture or sound, in milliseconds since the Unix epoch.
    public let startUnixMilliseconds: Int64
    /// From its beginning to its end, with the gaps.
    public let durationMilliseconds: Int64
    /// Of all segments of ``renditions``.
    public let byteCount: Int64
    /// Those of the master playlist: the highest bit rate first, then sound.
    public let renditions: [Rendition]

    /// - Parameters:
    ///   - master: Of ``Recording/makeMasterWindow(_:)``.
    ///   - number: Of the recording.
    init?(_ master: LiveWindow, number: Int64) {
        let entries = master.renditions.flatMap(\.entries).map(\.segment)
        guard let start = master.renditions.first?.entries.first?.segment,
            let end = master.renditions.first?.entries.last?.segment
        else { return nil }
        self.number = number
        startUnixMilliseconds = master.unixMilliseconds(at: MediaTime(ticks: start.start, timescale: start.timescale))
        durationMilliseconds = max(0, master.unixMilliseconds(at: end.endTime) - startUnixMilliseconds)
        byteCount = entries.reduce(0) { $0 + Int64($1.byteCount) }
        renditions = master.renditions.compactMap { rendition in
            guard let track = master.runs.last?.rendition(named: rendition.name)?.track else { return nil }
            var size: (width: Int, height: Int)?
            if case .avc(let avc) = track.configuration { size = (avc.displaySize.width, avc.displaySize.height) }
            return Rendition(
                name: rendition.name, kind: track.kind, width: size?.width, height: size?.height,
                bitsPerSecond: rendition.averageBitRate)
        }
    }
}
