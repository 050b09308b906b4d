import Bytes
import Foundation
import Media
import RTMP
import TestKit

/// The frames of a clip that FFmpeg has encoded, as ingest puts them on the log.
struct SourceClip {
    let frames: [Frame]

    static let origin = BroadcastOrigin(
        unixMilliseconds: 1_800_000_000_000, firstSegmentNumber: 40, firstDiscontinuitySequence: 2)

    var entries: [BroadcastEntry] { [.began(Self.origin)] + frames.map { .frame($0) } + [.ended] }

    /// - Parameters:
    ///   - keyframeInterval: In frames.
    ///   - after: Another clip that this one follows behind a seam, as when an encoder begins anew.
    static func make(
        seconds: Int = 10, framesPerSecond: Int = 25, keyframeInterval: Int = 50, size: String = "640x360",
        after first: SourceClip? = nil
    ) async throws -> SourceClip {
        let directory = try TemporaryDirectory()
        let clip = try await TestClip.make(
            in: directory.url, seconds: seconds, framesPerSecond: framesPerSecond, keyframeInterval: keyframeInterval,
            size: size)
        var reader = ByteReader(Bytes([UInt8](try Data(contentsOf: clip.file))))
        var assembler = FrameAssembler()
        var repair = TimelineRepair(origin: origin)
        repair.connectionBegan()
        var frames: [Frame] = []
        try reader.skip(9 + 4)
        while reader.remaining >= 11 {
            let type = try reader.readUInt8()
            let length = try reader.readUInt24()
            let time = try reader.readUInt24() | UInt32(try reader.readUInt8()) << 24
            try reader.skip(3)
            let body = try reader.readBytes(Int(length))
            try reader.skip(4)
            var frame: EncoderFrame?
            if type == MessageType.video { frame = try assembler.receiveVideo(body, timestamp: time) }
            if type == MessageType.audio { frame = try assembler.receiveAudio(body, timestamp: time) }
            guard let frame,
                let placed = repair.receive(frame, atUnixMilliseconds: origin.unixMilliseconds + Int64(time))
            else { continue }
            frames.append(placed)
        }
        return SourceClip(frames: frames).moved(behind: first)
    }

    private func moved(behind first: SourceClip?) -> SourceClip {
        guard let first else { return self }
        // In milliseconds: whole numbers of ticks in all timescales of the clips.
        let shift = first.frames.map { MediaTime(ticks: $0.decodeTime, timescale: $0.track.timescale).milliseconds }
            .max()
        let moved = frames.map { frame in
            var frame = frame
            frame.decodeTime += MediaTime(milliseconds: (shift ?? 0) + 200).ticks(in: frame.track.timescale)
            frame.discontinuitySequence += 1
            return frame
        }
        return SourceClip(frames: first.frames + moved)
    }
}
