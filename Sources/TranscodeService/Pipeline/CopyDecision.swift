/// Whether the encoder's own pictures become one of the renditions.
enum CopyDecision: Sendable, Equatable {
    /// Not enough was seen; becomes `copy` or `encode`.
    case undecided
    /// They do. Becomes `encode` when the source turns out not to be fit.
    case copy
    /// All renditions are encoded.
    case encode
}
