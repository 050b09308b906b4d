import Media

extension TimelineRepairCounts {
    /// What had to be put right, for a log line: `anchors 1, nudged 12`; `none` for a clean encoder.
    var summary: String {
        let counts: [(String, Int)] = [
            ("nudged", nudged), ("restamped", restamped), ("anchors", max(0, anchors - 1)),
            ("separated tracks", separatedTracks), ("confirmed gaps", confirmedGaps), ("audio resyncs", audioResyncs),
            ("dropped late audio", droppedLateAudio), ("dropped before keyframe", droppedBeforeKeyframe),
            ("refused composition offsets", refusedCompositionOffsets),
        ]
        let told = counts.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }
        return told.isEmpty ? "none" : told.joined(separator: ", ")
    }
}
