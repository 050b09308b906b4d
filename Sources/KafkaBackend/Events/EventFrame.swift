internal import Bytes

// A record of `stream-events`. Its key is the stream's id as text.
//
// With a schema registry, Confluent's wire format:         Without one, Avro's single-object encoding (Avro 1.11):
// +------+------------------+----------------+             +------+------+-------------------------+----------------+
// | 0x00 | schema id 32, BE | Avro binary    |             | 0xC3 | 0x01 | CRC-64-AVRO 64, LE      | Avro binary    |
// +------+------------------+----------------+             +------+------+-------------------------+----------------+

/// Which schema an event was written with.
enum EventSchemaMark: Hashable, Sendable {
    /// Its number in the registry.
    case registered(Int32)
    /// The fingerprint of its canonical form.
    case fingerprint(UInt64)

    /// What stands before the Avro binary.
    var header: Bytes {
        var writer = ByteWriter(capacity: 10)
        switch self {
        case .registered(let id):
            writer.write(0 as UInt8)
            writer.write(id)
        case .fingerprint(let sum):
            writer.write(0xC3 as UInt8)
            writer.write(0x01 as UInt8)
            writer.write(sum.byteSwapped)
        }
        return writer.finish()
    }

    /// Reads a record's value; `nil` when it has neither header.
    static func read(_ value: Bytes) -> (mark: EventSchemaMark, body: Bytes)? {
        var reader = ByteReader(value)
        switch try? reader.readUInt8() {
        case 0:
            guard let id = try? reader.readUInt32() else { return nil }
            return (.registered(Int32(bitPattern: id)), reader.rest)
        case 0xC3:
            guard let second = try? reader.readUInt8(), second == 0x01, let sum = try? reader.readUInt64() else {
                return nil
            }
            return (.fingerprint(sum.byteSwapped), reader.rest)
        default: return nil
        }
    }
}
