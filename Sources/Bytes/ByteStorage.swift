/// The memory behind `Bytes`: a header and its bytes in one allocation.
///
/// Only a `ByteWriter` or an initialiser of `Bytes`, which is then the sole owner, writes to it; every write happens
/// before the first `Bytes` that refers to it can be seen by another thread.
@usableFromInline final class ByteStorage: ManagedBuffer<Int, UInt8> {
    /// `nonisolated(unsafe)`: it has no bytes, so nobody can read or write any.
    @usableFromInline nonisolated(unsafe) static let empty = ByteStorage.make(capacity: 0)

    /// Reserves at least `capacity` bytes, uninitialised.
    @inlinable static func make(capacity: Int) -> ByteStorage {
        let buffer = ByteStorage.create(minimumCapacity: capacity) { _ in capacity }
        return unsafe unsafeDowncast(buffer, to: ByteStorage.self)
    }

    /// The first byte. Stable for the life of the object, because the bytes lie inside the object itself.
    @inlinable var base: UnsafeMutableRawPointer {
        unsafe withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
    }
}
