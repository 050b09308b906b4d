/// A read went past the end of the bytes.
public struct OutOfBytes: Error, Equatable {
    /// How many bytes the read needed and how many were left.
    public let needed: Int
    public let available: Int

    @inlinable public init(needed: Int, available: Int) {
        self.needed = needed
        self.available = available
    }
}

/// Reads integers and slices from the front of a `Bytes`, all in network byte order unless the name says otherwise.
///
/// Every read checks the length first and throws `OutOfBytes` without moving.
public struct ByteReader: Sendable {
    @usableFromInline let bytes: Bytes
    /// How many bytes have been read.
    @inlinable public var position: Int { offset }
    @usableFromInline var offset = 0

    @inlinable public init(_ bytes: Bytes) { self.bytes = bytes }

    /// How many bytes are left.
    @inlinable public var remaining: Int { bytes.count &- offset }

    /// Whether everything was read.
    @inlinable public var isAtEnd: Bool { remaining == 0 }

    /// What is left, without reading it.
    @inlinable public var rest: Bytes { bytes.dropFirst(position) }

    @inlinable mutating func advance(_ length: Int) throws(OutOfBytes) -> Int {
        guard length >= 0, length <= remaining else { throw OutOfBytes(needed: length, available: remaining) }
        defer { offset &+= length }
        return offset
    }

    @inlinable public mutating func readUInt8() throws(OutOfBytes) -> UInt8 { bytes[try advance(1)] }

    @inlinable public mutating func readUInt16() throws(OutOfBytes) -> UInt16 {
        bytes.bigEndian(at: try advance(2), as: UInt16.self)
    }

    @inlinable public mutating func readUInt24() throws(OutOfBytes) -> UInt32 {
        let at = try advance(3)
        return UInt32(bytes[at]) << 16 | UInt32(bytes[at &+ 1]) << 8 | UInt32(bytes[at &+ 2])
    }

    @inlinable public mutating func readUInt32() throws(OutOfBytes) -> UInt32 {
        bytes.bigEndian(at: try advance(4), as: UInt32.self)
    }

    /// RTMP's one little-endian field, the message stream id.
    @inlinable public mutating func readUInt32LittleEndian() throws(OutOfBytes) -> UInt32 {
        bytes.bigEndian(at: try advance(4), as: UInt32.self).byteSwapped
    }

    @inlinable public mutating func readUInt64() throws(OutOfBytes) -> UInt64 {
        bytes.bigEndian(at: try advance(8), as: UInt64.self)
    }

    /// The next `count` bytes, sharing the memory.
    @inlinable public mutating func readBytes(_ count: Int) throws(OutOfBytes) -> Bytes {
        let at = try advance(count)
        return bytes[at..<at &+ count]
    }

    @inlinable public mutating func skip(_ count: Int) throws(OutOfBytes) { _ = try advance(count) }
}
