import Bytes
import Media
import Packaging

/// Packages what comes out of a pipeline. A value, driven by the stream's task.
struct PackagingDesk {
    private var packager: Packager
    private var assembler = LadderAssembler()
    /// A still picture for the segment that its picture is in, until that one has a number.
    private var thumbnail: Bytes?
    /// The segment of the newest still picture: none has two.
    private var thumbnailNumber: Int64?
    private var passedNumber: Int64?
    private var announcedLadder: VideoLadder?
    private var announcedSound: Track?

    /// The video renditions that are made; `nil` before the first key frame.
    var ladder: VideoLadder? { assembler.ladder }
    /// The place in ``ladder`` of the one that is a copy of the source.
    var copied: Int? { assembler.copied }
    /// The newest sound that was packaged.
    private(set) var sound: Track?

    /// - Parameter checkpoint: Where another worker was; `nil` at the beginning of a log.
    init(_ packaging: Packager.Configuration, resuming checkpoint: Packager.Checkpoint? = nil) {
        packager = checkpoint.map { Packager(packaging, resuming: $0) } ?? Packager(packaging)
    }

    /// The newest boundary from which another worker can continue, once.
    mutating func takeCheckpoint() -> Packager.Checkpoint? {
        guard let checkpoint = packager.checkpoint, checkpoint.segmentNumber > passedNumber ?? -1 else { return nil }
        passedNumber = checkpoint.segmentNumber
        return checkpoint
    }

    mutating func take(_ merged: PipelineSlots.Merged) -> [PackagerOutput] {
        switch merged.entry {
        case .configured(let rungs, let copyName):
            assembler.begin(
                rungs.map { LadderAssembler.Member(name: $0.name, halvesFrameRate: $0.halvesFrameRate) },
                copyName: copyName)
            return []
        case .control(let entry): return packager.append(entry)
        case .audio(let frame):
            // Without a decoder, what came in goes on.
            let isMade = !merged.outputs.isEmpty
            return (isMade ? Self.sound(in: merged.outputs) : [frame]).flatMap { frame in
                sound = frame.track
                return packager.append(.frame(frame))
            }
        case .video(let frame):
            var outputs: [PackagerOutput] = []
            if let picture = assembler.assemble(frame, merged.outputs, merged.decision) {
                outputs = packager.append(picture)
            }
            for case .thumbnail(let bytes) in merged.outputs.flatMap(\.outputs) { thumbnail = bytes }
            if let bytes = thumbnail, let number = packager.openSegmentNumber, number > thumbnailNumber ?? -1 {
                thumbnail = nil
                thumbnailNumber = number
                outputs.append(
                    .store(
                        StoredObject(
                            kind: .thumbnail, name: TimelineEvent.thumbnailName(number), chunks: [bytes])))
                outputs.append(.announce(.thumbnail(number)))
            }
            return outputs
        }
    }

    /// Whether the renditions have changed since this was asked last.
    mutating func takeChange() -> Bool {
        defer { (announcedLadder, announcedSound) = (ladder, sound) }
        return announcedLadder !== ladder || announcedSound !== sound
    }

    private static func sound(in outputs: [(rung: String, outputs: [PipelineOutput])]) -> [Frame] {
        outputs.flatMap(\.outputs).flatMap { output -> [Frame] in
            if case .sound(let frames) = output { frames } else { [] }
        }
    }
}
