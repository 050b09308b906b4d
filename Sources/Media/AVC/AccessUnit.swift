public import Bytes

/// An access unit in the form that a `Frame` carries, and what was found in it.
public struct AccessUnit: Sendable, Hashable {
    /// NAL units behind 4-byte lengths: no empty ones, no parameter sets, no delimiters, no filler. It can be empty.
    public internal(set) var payload = Bytes()
    /// Whether there is any part of a picture. Without one this is no frame: only parameter sets, SEI or filler.
    public internal(set) var hasPicture = false
    /// Whether the picture is an IDR picture.
    public internal(set) var isIDR = false
    /// `recovery_frame_cnt` of a recovery point SEI: pictures until the output is right, 0 for an open GOP's start.
    public internal(set) var recoveryFrameCount: Int?
    /// Sequence parameter sets that stood in the access unit, sharing its memory.
    public internal(set) var sequenceParameterSets: [Bytes] = []
    /// Picture parameter sets that stood in the access unit, sharing its memory.
    public internal(set) var pictureParameterSets: [Bytes] = []

    /// Whether decoding can start here: at an IDR picture, or at a recovery point in streams that have no other.
    public var isRandomAccess: Bool { hasPicture && (isIDR || recoveryFrameCount != nil) }

    public var hasParameterSets: Bool { !sequenceParameterSets.isEmpty || !pictureParameterSets.isEmpty }
}
