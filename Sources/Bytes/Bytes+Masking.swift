extension Bytes {
    /// These bytes combined with a repeating key of four by exclusive or, eight at a time; doing it twice undoes it.
    ///
    /// - Parameters:
    ///   - key: The key, its first byte on top (RFC 6455, 5.3).
    ///   - phase: How many bytes of the same sequence came before these.
    public func masked(with key: UInt32, phase: Int = 0) -> Bytes {
        guard !isEmpty else { return Bytes() }
        let turn = UInt32(phase & 3) * 8
        let turned = key << turn | key >> (32 - turn)
        let word = (UInt64(turned) << 32 | UInt64(turned)).bigEndian
        // Every access lies inside: `position + 8 <= count` for the words, `position < count` for the bytes behind.
        return unsafe Bytes(unsafeCapacity: count) { target in
            unsafe withUnsafeBytes { source in
                var position = 0
                while position &+ 8 <= source.count {
                    let value = unsafe source.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                    unsafe target.storeBytes(of: value ^ word, toByteOffset: position, as: UInt64.self)
                    position &+= 8
                }
                while position < source.count {
                    let byte = UInt8(truncatingIfNeeded: turned >> UInt32(24 &- 8 &* (position & 3)))
                    unsafe target[position] = source[position] ^ byte
                    position &+= 1
                }
                return source.count
            }
        }
    }
}
