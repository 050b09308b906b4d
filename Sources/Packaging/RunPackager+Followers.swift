import Bytes
import Media

// How the other video renditions of a run follow the boundaries that the leader has decided.
//
// Their frames come together with the leader's of the same picture, so that every boundary before them is known. Those
// at a boundary are key frames too.

extension RunPackager {
    mutating func appendFollowers(_ placed: Placed, _ outputs: inout [PackagerOutput]) {
        guard let ladder = placed.ladder else { return }
        for follower in placed.followers where ladder.members.indices.contains(follower.member) {
            let name = ladder.members[follower.member].name
            guard let index = followers.firstIndex(where: { $0.rendition.name == name }) else { continue }
            var track = followers[index]
            // The copy in the array must not share its frames with this one, or each append would copy them all.
            followers[index] = TrackPackager(
                rendition: track.rendition, run: run.number, number: 0, boundary: 0, leads: false)
            append(follower.frame, at: placed.position, to: &track, &outputs)
            followers[index] = track
        }
    }

    private mutating func append(
        _ frame: Frame, at position: Int64, to track: inout TrackPackager, _ outputs: inout [PackagerOutput]
    ) {
        guard frame.decodeTime > track.lastDecodeTime else { return }
        let time = track.time(of: frame, opens: frame.isKeyframe || track.isAtOpening)
        guard time >= track.boundary else { return }
        while let next = boundary(after: track.number), time >= next.time {
            if let pending = track.pendingTime, pending >= next.time, track.canReopen {
                // The leader has cut before the picture that both hold back.
                let opening = track.endSegmentBeforePending(boundary: next.time, limits: limits, to: &outputs)
                note(opening, of: track)
            } else {
                if track.isAtOpening { note(track.opening(ofGapBefore: position), of: track) }
                end(&track, at: next, until: time, &outputs)
            }
        }
        if track.isAtOpening { note(track.opening(with: frame, position: position), of: track) }
        track.append(frame, position: position, limits: limits, to: &outputs)
    }

    /// Records how the open segment of a follower begins.
    private mutating func note(_ opening: TrackPackager.Opening?, of track: TrackPackager) {
        guard let index = boundaries.firstIndex(where: { $0.segmenter.number == track.number }) else { return }
        boundaries[index].followers[track.rendition.name] = opening
    }

    /// Lets renditions go that get no more frames.
    mutating func closeStalledFollowers(_ outputs: inout [PackagerOutput]) {
        guard let video, !followers.isEmpty else { return }
        for track in followers {
            guard let next = boundary(after: track.number), video.lastTime - next.time > Self.stallMax else { continue }
            followers.removeAll { $0.rendition.name == track.rendition.name }
            leave(track, &outputs)
        }
    }
}
