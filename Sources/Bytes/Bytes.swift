/// An immutable run of bytes that shares its storage.
///
/// Slicing, copying and sending a value to another thread never copy the bytes: a media payload that came from
/// a socket is the same memory when it goes out to a thousand viewers. Positions always count from the start
/// of the value itself, also in a slice.
///
/// This file and `ByteWriter.swift` are the only pure code that touches raw memory. The proof for each `unsafe` below
/// is the same: `start..<end` lies inside the storage, which nobody writes to once a `Bytes` exists. That nobody writes
/// is also why `@unchecked Sendable` holds.
public struct Bytes: @unchecked Sendable {
    @usableFromInline let storage: ByteStorage
    @usableFromInline let start: Int
    @usableFromInline let end: Int

    @inlinable init(storage: ByteStorage, start: Int, end: Int) {
        self.storage = storage
        self.start = start
        self.end = end
    }

    /// No bytes at all; allocates nothing.
    @inlinable public init() {
        unsafe self.init(storage: ByteStorage.empty, start: 0, end: 0)
    }

    /// Makes a value by letting `fill` write into fresh memory.
    ///
    /// - Parameters:
    ///   - capacity: How many bytes to reserve; not a length from the wire.
    ///   - fill: Writes from the start of the buffer and returns how many bytes it wrote, at most `capacity`.
    @inlinable public init<Failure: Error>(
        unsafeCapacity capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        let storage = ByteStorage.make(capacity: capacity)
        let buffer = unsafe UnsafeMutableRawBufferPointer(start: storage.base, count: capacity)
        let count = try unsafe fill(buffer)
        precondition(count >= 0 && count <= capacity, "fill wrote more than the capacity it was given")
        self.init(storage: storage, start: 0, end: count)
    }

    /// Copies bytes from memory that somebody else owns.
    @inlinable public init(copying source: UnsafeRawBufferPointer) {
        unsafe self.init(unsafeCapacity: source.count) { destination in
            unsafe destination.copyMemory(from: source)
            return source.count
        }
    }

    /// Copies an array.
    @inlinable public init(_ array: [UInt8]) {
        self = unsafe array.withUnsafeBytes { unsafe Bytes(copying: $0) }
    }

    /// Copies the UTF-8 form of a string.
    @inlinable public init(utf8 string: String) {
        var string = string
        self = string.withUTF8 { unsafe Bytes(copying: UnsafeRawBufferPointer($0)) }
    }

    /// How many bytes there are.
    @inlinable public var count: Int { end &- start }

    /// Whether there are none.
    @inlinable public var isEmpty: Bool { end == start }

    /// The byte at a position, `0..<count`.
    @inlinable public subscript(position: Int) -> UInt8 {
        precondition(position >= 0 && position < count, "position outside the bytes")
        return unsafe storage.base.load(fromByteOffset: start &+ position, as: UInt8.self)
    }

    /// The same memory between two positions, `0...count`.
    @inlinable public subscript(range: Range<Int>) -> Bytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the bytes")
        return Bytes(storage: storage, start: start &+ range.lowerBound, end: start &+ range.upperBound)
    }

    /// The bytes from a position to the end; the position may be `count`.
    @inlinable public func dropFirst(_ length: Int) -> Bytes { self[Swift.min(length, count)..<count] }

    /// The first `length` bytes, or all when there are fewer.
    @inlinable public func prefix(_ length: Int) -> Bytes { self[0..<Swift.min(length, count)] }

    /// Lends the memory to a C call or a bulk copy; the pointer is valid only inside the closure.
    @inlinable public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try unsafe body(UnsafeRawBufferPointer(start: storage.base + start, count: count))
    }

    /// A copy as an array, for tests and small values.
    public var array: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }

    /// The bytes read as UTF-8, with invalid sequences replaced.
    public var string: String { unsafe withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) } }

    /// A big-endian integer at a position; the caller has checked that it fits.
    @inlinable func bigEndian<Value: FixedWidthInteger>(at position: Int, as type: Value.Type) -> Value {
        precondition(
            position >= 0 && position &+ MemoryLayout<Value>.size <= count, "integer outside the bytes")
        return Value(
            bigEndian: unsafe storage.base.loadUnaligned(fromByteOffset: start &+ position, as: Value.self))
    }

    /// The position of the first byte that equals `byte`, at or after `position`.
    @inlinable public func firstIndex(of byte: UInt8, from position: Int = 0) -> Int? {
        unsafe withUnsafeBytes { memory in
            var index = position
            while index < memory.count {
                if unsafe memory[index] == byte { return index }
                index &+= 1
            }
            return nil
        }
    }
}

extension Bytes: Equatable {
    @inlinable public static func == (left: Bytes, right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        if left.storage === right.storage && left.start == right.start { return true }
        return unsafe left.withUnsafeBytes { a in unsafe right.withUnsafeBytes { b in unsafe a.elementsEqual(b) } }
    }
}

extension Bytes: Hashable {
    public func hash(into hasher: inout Hasher) {
        unsafe withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}

extension Bytes: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: UInt8...) { self.init(elements) }
}

extension Bytes: Sequence {
    /// Walks the bytes in order.
    public struct Iterator: IteratorProtocol {
        @usableFromInline let bytes: Bytes
        @usableFromInline var position = 0
        @inlinable init(_ bytes: Bytes) { self.bytes = bytes }
        @inlinable public mutating func next() -> UInt8? {
            guard position < bytes.count else { return nil }
            defer { position &+= 1 }
            return bytes[position]
        }
    }

    @inlinable public func makeIterator() -> Iterator { Iterator(self) }
    @inlinable public var underestimatedCount: Int { count }
}

extension Bytes: CustomStringConvertible {
    /// The length and the first bytes in hexadecimal; never the whole of a payload.
    public var description: String {
        let digits = Array("0123456789abcdef")
        let shown = prefix(16).map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
        return "\(count) bytes \(shown)\(count > 16 ? "…" : "")"
    }
}
