internal import Bytes
internal import CAvro

/// Why Avro data cannot be written or read.
enum AvroFailure: Error, Equatable {
    /// The text is no schema.
    case unreadableSchema
    /// The bytes do not follow their schema.
    case unreadableRecord
    /// A field is missing that has no default, or has another type.
    case unusableField(String)
    /// A value is longer than ``AvroSchema/recordBytesMax``.
    case tooLong
}

/// A schema, and a value of it that is used again for every record. For one thread at a time.
///
/// Unsafe code: schema, class and value are valid from `init` to `deinit`; ``AvroValue``s lent out of the value live
/// only inside of the call that they are lent to.
@safe final class AvroSchema {
    /// The longest record, in bytes.
    static let recordBytesMax = 64 << 10

    private let schema: avro_schema_t
    private let type: UnsafeMutablePointer<avro_value_iface_t>
    private var value = unsafe avro_value_t()

    /// libavro's memory is bounded once for the process, before anything of it is used.
    private static let memoryIsBounded: Void = sluice_avro_bound_memory()

    init(_ text: String) throws(AvroFailure) {
        _ = Self.memoryIsBounded
        var parsed: avro_schema_t?
        let code = unsafe avro_schema_from_json_length(text, text.utf8.count, &parsed)
        guard code == 0, let schema = unsafe parsed else { throw .unreadableSchema }
        guard let type = unsafe avro_generic_class_from_schema(schema) else {
            unsafe avro_schema_decref(schema)
            throw .unreadableSchema
        }
        guard unsafe avro_generic_value_new(type, &value) == 0 else {
            unsafe sluice_avro_decref_iface(type)
            unsafe avro_schema_decref(schema)
            throw .unreadableSchema
        }
        unsafe self.schema = schema
        unsafe self.type = type
    }

    deinit {
        unsafe sluice_avro_decref(&value)
        unsafe sluice_avro_decref_iface(type)
        unsafe avro_schema_decref(schema)
    }

    /// Whether both describe the same data.
    func isEqual(to other: AvroSchema) -> Bool { unsafe avro_schema_equal(schema, other.schema) != 0 }

    /// Writes a record.
    ///
    /// - Parameters:
    ///   - header: Goes before it.
    ///   - fill: Sets all its fields.
    func encode(after header: Bytes, _ fill: (AvroValue) throws(AvroFailure) -> Void) throws(AvroFailure) -> Bytes {
        unsafe sluice_avro_reset(&value)
        try fill(unsafe AvroValue(value))
        var size = 0
        guard unsafe avro_value_sizeof(&value, &size) == 0, size <= Self.recordBytesMax else { throw .tooLong }
        var isWritten = false
        let bytes = unsafe Bytes(unsafeCapacity: header.count + size) { memory in
            unsafe header.withUnsafeBytes { unsafe memory.copyMemory(from: $0) }
            let start = unsafe memory.baseAddress.map { unsafe $0 + header.count }
            let writer = unsafe avro_writer_memory(start?.assumingMemoryBound(to: CChar.self), Int64(size))
            defer { unsafe avro_writer_free(writer) }
            isWritten = unsafe avro_value_write(writer, &value) == 0
            return header.count + size
        }
        guard isWritten else { throw .unreadableRecord }
        return bytes
    }

    /// Reads a record that was written with this schema.
    func decode<Value>(
        _ bytes: Bytes, _ read: (AvroValue) throws(AvroFailure) -> Value
    ) throws(AvroFailure) -> Value {
        guard bytes.count <= Self.recordBytesMax else { throw .tooLong }
        unsafe sluice_avro_reset(&value)
        let isRead = unsafe bytes.withUnsafeBytes { memory in
            let reader = unsafe avro_reader_memory(
                memory.baseAddress?.assumingMemoryBound(to: CChar.self), Int64(memory.count))
            defer { unsafe avro_reader_free(reader) }
            return unsafe avro_value_read(reader, &value) == 0
        }
        guard isRead else { throw .unreadableRecord }
        return try read(unsafe AvroValue(value))
    }
}
