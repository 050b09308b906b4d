import Bytes
import Media
import Packaging
import StreamingCore

/// From where another worker can continue a stream's renditions: it makes the same numbers, boundaries and names.
///
/// Encoders begin anew there, so that the bytes are others, but not what the timeline says of them. Entries must be
/// given from the newest key frame of the source on that is not behind ``Packaging/Packager/Checkpoint/position``.
///
/// As bytes: the decision (8), then the packager's checkpoint.
struct LadderCheckpoint: Sendable {
    var packager: Packager.Checkpoint
    /// What had been found out about the source.
    var decision: CopyDecision

    init(packager: Packager.Checkpoint, decision: CopyDecision) {
        self.packager = packager
        self.decision = decision
    }

    init(decoding state: Bytes) throws {
        var reader = ByteReader(state)
        let code = try reader.readUInt8()
        guard let decision = Self.decisions.first(where: { $0.code == code })?.decision else {
            throw StreamError.invalidValue(field: "checkpoint.decision", reason: "\(code) is unknown")
        }
        self.decision = decision
        packager = try Packager.Checkpoint(decoding: state.dropFirst(1))
    }

    var encoded: Bytes {
        var writer = ByteWriter(capacity: 512)
        writer.write(Self.decisions.first { $0.decision == decision }?.code ?? 0)
        writer.write(packager.encoded)
        return writer.finish()
    }

    private static let decisions: [(decision: CopyDecision, code: UInt8)] = [
        (.undecided, 0), (.copy, 1), (.encode, 2),
    ]
}

/// Where in the frame log the source's newest key frames are.
///
/// Bounded by ``countMax``: with more key frames than that in a segment, the stream is read from further back.
struct KeyframePlaces {
    static let countMax = 512

    private var places: [(position: Int64, time: Int64)] = []

    mutating func append(_ frame: Frame, at position: Int64) {
        guard frame.isKeyframe else { return }
        if places.count == Self.countMax { places.remove(at: 1) }
        places.append((position, frame.presentationTime))
    }

    /// The place of the newest key frame from which all that a checkpoint needs can be decoded; those before are
    /// forgotten. `nil` when none is known.
    mutating func start(of checkpoint: Packager.Checkpoint) -> Int64? {
        guard
            let index = places.lastIndex(where: {
                $0.position <= checkpoint.position && $0.time <= checkpoint.time
            })
        else { return nil }
        places.removeFirst(index)
        return places[0].position
    }
}
