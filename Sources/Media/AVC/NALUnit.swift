public import Bytes

// NAL unit (ITU-T H.264, 7.3.1)
//
//  0 1 2 3 4 5 6 7
// +-+---+---------+----------- - -
// |F|NRI|  Type   | payload, with emulation prevention bytes
// +-+---+---------+----------- - -

/// One NAL unit: a header byte and its payload, without a length or a start code. Never empty.
public struct NALUnit: Sendable, Hashable {
    /// The header and the payload.
    public let bytes: Bytes

    /// - Returns: `nil` for no bytes: an empty unit has not even a type.
    @inlinable public init?(_ bytes: Bytes) {
        guard !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }

    @inlinable public var type: NALUnitType { NALUnitType(header: bytes[0]) }

    /// `nal_ref_idc`, 0 to 3: zero when no other picture refers to this one.
    @inlinable public var referenceIDC: UInt8 { bytes[0] >> 5 & 3 }
}

/// `nal_unit_type` (ITU-T H.264, table 7-1). Unknown values are kept.
public struct NALUnitType: RawRepresentable, Sendable, Hashable {
    /// 0 to 31.
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue & 0x1F }

    /// The type in the first byte of a NAL unit.
    @inlinable public init(header: UInt8) { rawValue = header & 0x1F }

    /// Coded slice of a picture that is not an IDR picture.
    public static let slice = NALUnitType(rawValue: 1)
    public static let sliceDataPartitionA = NALUnitType(rawValue: 2)
    public static let sliceDataPartitionB = NALUnitType(rawValue: 3)
    public static let sliceDataPartitionC = NALUnitType(rawValue: 4)
    /// Coded slice of an IDR picture.
    public static let sliceIDR = NALUnitType(rawValue: 5)
    /// Supplemental enhancement information.
    public static let sei = NALUnitType(rawValue: 6)
    public static let sequenceParameterSet = NALUnitType(rawValue: 7)
    public static let pictureParameterSet = NALUnitType(rawValue: 8)
    public static let accessUnitDelimiter = NALUnitType(rawValue: 9)
    public static let endOfSequence = NALUnitType(rawValue: 10)
    public static let endOfStream = NALUnitType(rawValue: 11)
    public static let fillerData = NALUnitType(rawValue: 12)
    public static let sequenceParameterSetExtension = NALUnitType(rawValue: 13)

    /// Whether the unit carries a part of a picture (VCL).
    @inlinable public var isPicture: Bool { rawValue >= 1 && rawValue <= 5 }
}
