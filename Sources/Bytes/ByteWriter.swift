/// Builds a `Bytes` from the front, in network byte order unless the name says otherwise.
///
/// It grows by doubling, never past what was really written, and `finish()` hands its memory over without a copy.
public struct ByteWriter: ~Copyable {
    @usableFromInline var storage: ByteStorage
    @usableFromInline var capacity: Int
    /// How many bytes were written.
    @inlinable public var count: Int { length }
    @usableFromInline var length = 0

    /// - Parameter capacity: What to reserve at once, in bytes.
    public init(capacity: Int = 64) {
        storage = ByteStorage.make(capacity: capacity)
        self.capacity = capacity
    }

    @usableFromInline mutating func grow(to needed: Int) {
        let bigger = max(needed, capacity * 2)
        let replacement = ByteStorage.make(capacity: bigger)
        unsafe replacement.base.copyMemory(from: storage.base, byteCount: length)
        storage = replacement
        capacity = bigger
    }

    /// Makes room for `length` more bytes and returns where they begin.
    @inlinable mutating func claim(_ length: Int) -> Int {
        let at = self.length
        if at &+ length > capacity { grow(to: at &+ length) }
        self.length = at &+ length
        return at
    }

    @inlinable mutating func store<Value: FixedWidthInteger>(_ value: Value) {
        let at = claim(MemoryLayout<Value>.size)
        unsafe storage.base.storeBytes(of: value.bigEndian, toByteOffset: at, as: Value.self)
    }

    @inlinable public mutating func write(_ value: UInt8) { store(value) }
    @inlinable public mutating func write(_ value: UInt16) { store(value) }
    @inlinable public mutating func write(_ value: UInt32) { store(value) }
    @inlinable public mutating func write(_ value: UInt64) { store(value) }
    @inlinable public mutating func write(_ value: Int16) { store(value) }
    @inlinable public mutating func write(_ value: Int32) { store(value) }
    @inlinable public mutating func write(_ value: Int64) { store(value) }

    /// The low 24 bits of a value.
    @inlinable public mutating func writeUInt24(_ value: UInt32) {
        write(UInt8(truncatingIfNeeded: value >> 16))
        write(UInt16(truncatingIfNeeded: value))
    }

    @inlinable public mutating func writeUInt32LittleEndian(_ value: UInt32) { store(value.byteSwapped) }

    @inlinable public mutating func write(_ bytes: Bytes) {
        guard !bytes.isEmpty else { return }
        let at = claim(bytes.count)
        unsafe bytes.withUnsafeBytes { source in
            // `claim` made room for exactly `source.count` bytes at `at`; a Bytes is never empty here.
            guard let from = source.baseAddress else { return }
            unsafe (storage.base + at).copyMemory(from: from, byteCount: source.count)
        }
    }

    @inlinable public mutating func write(_ array: [UInt8]) {
        for byte in array { write(byte) }
    }

    /// The UTF-8 form of a string, without a length or a terminator.
    @inlinable public mutating func write(utf8 string: String) {
        var string = string
        string.withUTF8 { text in
            guard let from = text.baseAddress, text.count > 0 else { return }
            let at = claim(text.count)
            unsafe (storage.base + at).copyMemory(from: from, byteCount: text.count)
        }
    }

    /// Writes `count` times the same byte.
    public mutating func write(repeating byte: UInt8, count: Int) {
        guard count > 0 else { return }
        let at = claim(count)
        unsafe (storage.base + at).initializeMemory(as: UInt8.self, repeating: byte, count: count)
    }

    /// Replaces four bytes that were already written, for sizes and offsets known only later.
    public mutating func overwrite(_ value: UInt32, at position: Int) {
        precondition(position >= 0 && position + 4 <= length, "nothing was written there yet")
        unsafe storage.base.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt32.self)
    }

    /// Ends the writing; the memory becomes the value's.
    public consuming func finish() -> Bytes {
        Bytes(storage: storage, start: 0, end: length)
    }
}
