import Media

extension Packager {
    /// A boundary that all tracks of a run have passed, and what a packager must know to continue from there.
    ///
    /// A worker commits its place in the frame log no further than ``position``, and keeps the checkpoint with it.
    public struct Checkpoint: Sendable {
        let origin: BroadcastOrigin
        let run: Run
        let absent: [Rendition]
        let encoderDiscontinuity: Int
        /// `nil` when the targets were not announced before the boundary.
        let announcedPartMilliseconds: Int64?
        let boundary: RunPackager.Boundary
        /// Where in the frame log a track began to join.
        let joiningPosition: Int64?

        /// The number of the first segment that comes again.
        public var segmentNumber: Int64 { boundary.segmenter.number }

        /// The place in the frame log of the first entry to append again.
        public var position: Int64 {
            // The track that decided the boundary has begun there; without any, everything must come again.
            [boundary.video?.position, boundary.audio?.position, joiningPosition].compactMap(\.self).min() ?? 0
        }
    }
}
