public import Media

extension Packager {
    /// A boundary that all tracks of a run have passed, and what a packager must know to continue from there.
    ///
    /// A worker commits its place in the frame log no further than ``position``, and keeps the checkpoint with it.
    public struct Checkpoint: Sendable {
        public let origin: BroadcastOrigin
        let run: Run
        /// The folder of the video rendition that leads.
        let leader: String?
        /// Whether decode times lie before presentation times.
        let leads: Bool
        let absent: [Rendition]
        let encoderDiscontinuity: Int
        /// `nil` when the targets were not announced before the boundary.
        let announcedPartMilliseconds: Int64?
        let boundary: RunPackager.Boundary
        /// Where in the frame log a track began to join.
        let joiningPosition: Int64?

        /// The number of the first segment that comes again.
        public var segmentNumber: Int64 { boundary.segmenter.number }

        /// Where the segment begins that comes again, on the broadcast's timeline in 1/90,000 s.
        public var time: Int64 { boundary.time }

        /// Where the grid of the run's segments begins, on the broadcast's timeline in 1/90,000 s.
        public var gridAnchor: Int64 { boundary.segmenter.anchor }

        /// What viewers must have been told before the first segment that comes again.
        public var events: [TimelineEvent] {
            var events: [TimelineEvent] = [.began(origin), .run(run)]
            if let seconds = boundary.segmenter.targetDurationSeconds, let part = announcedPartMilliseconds {
                events.append(.targets(Targets(durationSeconds: seconds, partMilliseconds: Int(part))))
            }
            return events
        }

        /// The place in the frame log of the first entry to append again.
        public var position: Int64 {
            // The track that decided the boundary has begun there; without any, everything must come again.
            [boundary.video?.position, boundary.audio?.position, joiningPosition].compactMap(\.self).min() ?? 0
        }
    }
}

extension VideoLadder {
    /// The video renditions of a checkpoint's run; `nil` where it has none.
    convenience init?(resuming checkpoint: Packager.Checkpoint) {
        let videos = checkpoint.run.renditions.filter { $0.kind == .video }
        guard let leader = videos.firstIndex(where: { $0.name == checkpoint.leader }) else { return nil }
        self.init(videos.map { Member(name: $0.name, track: $0.track) }, leader: leader)
    }
}
