public import Bytes
internal import CZlib

// gzip (RFC 1952): a header of ten bytes, a deflated body, then the CRC-32 and the length of what went in. The header
// carries no time and no name, so that the same bytes are compressed to the same bytes wherever that is done.

/// Compresses what is served as text.
///
/// Unsafe code: zlib takes addresses. Each points into memory that is lent for the one call, and the stream is a local
/// variable that is ended before it is left.
public enum Gzip {
    /// zlib's own default: the levels above cost playlists twice the time for one hundredth of the bytes.
    private static let level: Int32 = 6
    /// The largest window, and 16 for a gzip header in place of zlib's.
    private static let windowBits: Int32 = 15 + 16
    /// More is not taken, in bytes: zlib counts in 32 bits, and no document of ours comes near.
    public static let inputBytesMax = 64 << 20

    /// Compresses bytes in one go, which takes about a millisecond for 100 kB.
    ///
    /// - Returns: `nil` when there is no memory for it, or there are more than ``inputBytesMax``.
    public static func compress(_ bytes: Bytes) -> Bytes? {
        guard bytes.count <= inputBytesMax else { return nil }
        var stream = unsafe z_stream()
        guard unsafe sluice_deflate_init(&stream, level, windowBits) == Z_OK else { return nil }
        defer { unsafe deflateEnd(&stream) }
        // Enough for the worst case, so that one call finishes.
        let capacity = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
        var isFinished = false
        let compressed = unsafe Bytes(unsafeCapacity: capacity) { destination in
            unsafe bytes.withUnsafeBytes { source in
                let input = unsafe source.bindMemory(to: UInt8.self)
                // zlib only reads from here, but its field is not const.
                unsafe stream.next_in = unsafe UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = unsafe destination.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.avail_out = UInt32(destination.count)
                isFinished = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END
            }
            return unsafe destination.count - Int(stream.avail_out)
        }
        return isFinished ? compressed : nil
    }
}
