import Bytes
import Media
import Packaging

/// Packages what comes out of a pipeline. A value, driven by the stream's task.
struct PackagingDesk {
    private var packager: Packager
    private var assembler = LadderAssembler()
    private var thumbnails = Thumbnails()
    private let stills: KeyframeStills?
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
    init(
        _ packaging: Packager.Configuration, thumbnailMilliseconds: Int64?,
        resuming checkpoint: Packager.Checkpoint? = nil
    ) {
        stills = thumbnailMilliseconds.map(KeyframeStills.init)
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
        case .control(let entry): return packager.append(entry, position: merged.position)
        case .audio(let frame):
            // Without a decoder, what came in goes on.
            let isMade = !merged.outputs.isEmpty
            return (isMade ? Self.sound(in: merged.outputs) : [frame]).flatMap { frame in
                sound = frame.track
                return packager.append(.frame(frame), position: merged.position)
            }
        case .video(let frame):
            var outputs: [PackagerOutput] = []
            if let picture = assembler.assemble(frame, merged.outputs, merged.decision) {
                outputs = packager.append(picture, position: merged.position)
            }
            for case .thumbnail(let jpeg) in merged.outputs.flatMap(\.outputs) { thumbnails.add(jpeg) }
            // Nobody decodes a source that is only copied.
            if merged.outputs.isEmpty { stills?.offer(frame) }
            if let jpeg = stills?.take() { thumbnails.add(jpeg) }
            return outputs + thumbnails.outputs(inSegment: packager.openSegmentNumber)
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
