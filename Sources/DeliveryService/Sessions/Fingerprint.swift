import Bytes

/// A short keyed hash of what tells a viewer from others: what a request is looked up by.
///
/// Two viewers of the same would be counted as one. The key is another in every process, so that nobody can choose it
/// to be so; what processes must agree on is a `ViewerSessionID`, made once per session.
struct Fingerprint: Equatable {
    private(set) var value: UInt64

    /// - Parameter salt: Of the stream: the same viewer of another one is another session.
    init(salt: UInt64) { value = salt ^ Self.key }

    private static let key = UInt64.random(in: .min ... .max)

    mutating func add(_ bytes: Bytes) {
        var reader = ByteReader(bytes)
        while let word = try? reader.readUInt64() { mix(word) }
        var tail: UInt64 = 0
        while let byte = try? reader.readUInt8() { tail = tail << 8 | UInt64(byte) }
        end(tail, bytes.count)
    }

    mutating func add(_ text: String) {
        let span = text.utf8Span.span
        var word: UInt64 = 0
        for index in span.indices {
            word = word << 8 | UInt64(span[index])
            if index & 7 == 7 {
                mix(word)
                word = 0
            }
        }
        end(word, span.count)
    }

    private mutating func end(_ tail: UInt64, _ count: Int) {
        mix(tail)
        mix(UInt64(count))
    }

    /// Both halves of a product depend on all bits of both factors.
    @inline(__always) private mutating func mix(_ word: UInt64) {
        let (high, low) = (value ^ word ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        value = high ^ low
    }
}
