import Packaging

/// From where another worker can continue a stream's renditions: it makes the same numbers, boundaries and names.
///
/// Encoders begin anew there, so that the bytes are others, but not what the timeline says of them. Entries must be
/// given from the newest key frame of the source on that is not behind ``Packaging/Packager/Checkpoint/position``.
struct LadderCheckpoint: Sendable {
    var packager: Packager.Checkpoint
    /// What had been found out about the source.
    var decision: CopyDecision
}
