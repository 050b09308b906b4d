import Bytes

/// Why bytes are no record of this module: no timeline event, or no checkpoint.
public enum RecordFailure: Error, Equatable, Sendable {
    /// The record ends before all of its fields.
    case truncated
    /// Bytes are left behind the last field.
    case trailingBytes(Int)
    /// Written by a newer version of this module.
    case unknownVersion(UInt8)
    case unknownKind(UInt8)
    /// A field has a value that no packager writes.
    case valueOutOfRange(field: String, value: Int64)
    /// A rendition name with letters that ``Rendition/isLegalName(_:)`` refuses.
    case illegalName
    /// A codec configuration that cannot be read.
    case configuration
}

extension RecordFailure {
    /// Times and numbers above are not believed, so that sums and products of them cannot overflow.
    static let valueMax: Int64 = 1 << 53
    /// Timescales outside are not believed: with a smaller one, the same ticks would be too many seconds.
    static let timescales = 1000...1_000_000
    /// Segments with more bytes are not believed, so that the sum of all in a window cannot overflow.
    static let segmentBytesMax: Int64 = 1 << 40
    /// What a part target can be, in milliseconds.
    static let partMilliseconds = 1...60_000
}

extension ByteWriter {
    mutating func write(name: String) {
        write(UInt8(name.utf8.count))
        write(utf8: name)
    }

    /// Writes a value behind a byte that says whether there is one.
    mutating func write<Value>(optional value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        write(value == nil ? 0 as UInt8 : 1)
        if let value { body(&self, value) }
    }
}

extension ByteReader {
    mutating func readName() throws -> String {
        let name = try readBytes(Int(try readUInt8())).string
        guard Rendition.isLegalName(name) else { throw RecordFailure.illegalName }
        return name
    }

    /// A count, a time or a number, all of which are 0 or above and below `RecordFailure.valueMax`.
    mutating func readInteger(_ field: String, max: Int64 = RecordFailure.valueMax) throws -> Int64 {
        let value = Int64(bitPattern: try readUInt64())
        guard 0...max ~= value else {
            throw RecordFailure.valueOutOfRange(field: field, value: value)
        }
        return value
    }

    mutating func readInteger32(_ field: String, in range: ClosedRange<Int>) throws -> Int {
        let value = Int(try readUInt32())
        guard range ~= value else {
            throw RecordFailure.valueOutOfRange(field: field, value: Int64(value))
        }
        return value
    }

    mutating func readInteger16(_ field: String, in range: ClosedRange<Int>) throws -> Int {
        let value = Int(try readUInt16())
        guard range ~= value else {
            throw RecordFailure.valueOutOfRange(field: field, value: Int64(value))
        }
        return value
    }

    mutating func readFlags(_ field: String, max: UInt8) throws -> UInt8 {
        let flags = try readUInt8()
        guard flags <= max else {
            throw RecordFailure.valueOutOfRange(field: field, value: Int64(flags))
        }
        return flags
    }

    /// A number that may be below zero.
    mutating func readSignedInteger(_ field: String) throws -> Int64 {
        let value = Int64(bitPattern: try readUInt64())
        guard -RecordFailure.valueMax...RecordFailure.valueMax ~= value else {
            throw RecordFailure.valueOutOfRange(field: field, value: value)
        }
        return value
    }

    /// A value behind a byte that says whether there is one.
    mutating func readOptional<Value>(
        _ field: String, _ read: (inout ByteReader) throws -> Value
    ) throws -> Value? {
        try readFlags(field, max: 1) == 1 ? try read(&self) : nil
    }
}
