import Bytes

/// The random bytes of a handshake, spread from a seed that the shell takes from the system.
///
/// They only have to differ between connections; nothing secret depends on them (SplitMix64).
struct HandshakeFiller {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// `count` bytes, a multiple of 8.
    mutating func bytes(_ count: Int) -> Bytes {
        var writer = ByteWriter(capacity: count)
        for _ in 0..<count / 8 { writer.write(next()) }
        return writer.finish()
    }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
