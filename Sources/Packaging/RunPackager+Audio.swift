import Bytes
import Media

// How the audio of a run follows the boundaries that its video has decided, or decides them itself where there is none.

extension RunPackager {
    mutating func drainAudio(_ outputs: inout [PackagerOutput]) {
        var taken = 0
        while taken < waiting.count {
            let placed = waiting[taken]
            let time = Self.time(of: placed.frame)
            let isBehindVideo = video.map { time < $0.lastTime } ?? false
            if !isBehindVideo && video != nil && !isVideoStalled(at: time, waiting: waiting.count - taken) { break }
            appendAudio(placed, at: time, decides: !isBehindVideo, &outputs)
            taken += 1
        }
        waiting.removeFirst(taken)
    }

    /// A frame's presentation time in 1/90,000 s.
    static func time(of frame: Frame) -> Int64 {
        MediaTime(ticks: frame.presentationTime, timescale: frame.track.timescale).ticks(in: MediaTime.videoTimescale)
    }

    func isVideoStalled(at time: Int64, waiting count: Int) -> Bool {
        guard count <= Self.waitingFramesMax, let newest = waiting.last?.frame else { return true }
        return Self.time(of: newest) - time > Self.audioLeadMax
    }

    /// - Parameters:
    ///   - time: In 1/90,000 s.
    ///   - decides: Whether no video frame can decide about a boundary here any more.
    mutating func appendAudio(
        _ placed: Placed, at time: Int64, decides: Bool, _ outputs: inout [PackagerOutput]
    ) {
        guard var track = audio.take() else { return }
        defer { audio = track }
        let frame = placed.frame
        guard time >= track.boundary, frame.decodeTime > track.lastDecodeTime else { return }
        while let next = boundary(after: track.number), time >= next.time {
            noteGap(of: track, position: placed.position)
            end(&track, at: next, until: frame.decodeTime, &outputs)
        }
        audioFrontier = max(audioFrontier, time)
        if track.isAtOpening, let end = track.previousEnd, frame.decodeTime - end > track.ticks(Self.seamMax) {
            // It comes back within a segment: that one is a gap up to here, or where video decides, as a whole.
            guard decides, track.number == segmenter.number else { return }
            segmenter.cut(inHoleAt: time)
            decided(&outputs)
            noteGap(of: track, position: placed.position)
            track.endSegment(at: nil, boundary: time, limits: limits, to: &outputs)
        }
        if decides {
            let duration = MediaTime(ticks: track.lastDuration, timescale: track.rendition.timescale)
            if video == nil {
                targets.choosePart(frameTicks: track.lastDuration, timescale: track.rendition.timescale)
            }
            if track.number == segmenter.number, !track.isAtOpening, segmenter.isOverdue(at: time) {
                let last = MediaTime(ticks: track.lastTime, timescale: track.rendition.timescale)
                reopen(&track, at: last.ticks(in: MediaTime.videoTimescale), until: time, &outputs)
            }
            if track.number == segmenter.number, !track.isAtOpening,
                segmenter.audioReached(time, frameDuration: duration.ticks(in: MediaTime.videoTimescale))
            {
                decided(&outputs)
                track.endSegment(at: frame.decodeTime, boundary: time, limits: limits, to: &outputs)
            }
        }
        if track.isAtOpening, let index = boundaries.firstIndex(where: { $0.segmenter.number == track.number }) {
            boundaries[index].audio = track.opening(with: frame, position: placed.position)
        }
        track.append(frame, position: placed.position, limits: limits, to: &outputs)
    }
}
