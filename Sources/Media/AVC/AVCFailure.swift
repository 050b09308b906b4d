/// Why H.264 data cannot be used.
public enum AVCFailure: Error, Equatable, Sendable {
    /// A structure ends before all of its fields.
    case truncated
    /// The decoder configuration record has another version than 1.
    case unknownRecordVersion(UInt8)
    /// A NAL unit announces more bytes than are left.
    case unitPastEnd(length: Int, available: Int)
    /// An access unit holds more NAL units than `AVCLimits.unitsPerAccessUnitMax`.
    case tooManyUnits(limit: Int)
    /// An access unit is longer than `AVCLimits.accessUnitBytesMax`.
    case accessUnitTooLong(Int, limit: Int)
    case noSequenceParameterSet
    case noPictureParameterSet
    /// A parameter set has the header of another NAL unit type.
    case unexpectedUnitType(UInt8)
    case tooManyParameterSets(Int, limit: Int)
    /// One parameter set, or all of a configuration together, are longer than their limit.
    case parameterSetsTooLong(Int, limit: Int)
    /// A field has a value that the standard does not allow; `field` is spelled as ITU-T H.264 does.
    case valueOutOfRange(field: String, value: Int64)
    /// A picture has no area, or a side above `AVCLimits.pictureSideMax`.
    case unusablePictureSize(width: Int, height: Int)
}
