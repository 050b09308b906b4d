internal import CAvro

/// A value inside of a record, lent for one call.
///
/// Unsafe code: the memory is that of the `AvroSchema` which lends it. Fields are set by their places, which the caller
/// has from the schema that it writes, and read by their names, which is what makes schemas of different ages fit.
@safe struct AvroValue {
    private let value: avro_value_t

    init(_ value: avro_value_t) { unsafe self.value = value }

    // MARK: Writing

    /// The field at a place of a record.
    func field(_ index: Int) throws(AvroFailure) -> AvroValue {
        var (parent, child) = unsafe (value, avro_value_t())
        try check(unsafe sluice_avro_by_index(&parent, index, &child), "field \(index)")
        return unsafe AvroValue(child)
    }

    /// Chooses a branch of a union.
    func branch(_ index: Int) throws(AvroFailure) -> AvroValue {
        var (parent, child) = unsafe (value, avro_value_t())
        try check(unsafe sluice_avro_set_branch(&parent, Int32(index), &child), "branch \(index)")
        return unsafe AvroValue(child)
    }

    /// Adds an item to an array.
    func append() throws(AvroFailure) -> AvroValue {
        var (parent, child) = unsafe (value, avro_value_t())
        try check(unsafe sluice_avro_append(&parent, &child), "item")
        return unsafe AvroValue(child)
    }

    func set(_ text: String) throws(AvroFailure) {
        var target = unsafe value
        // libavro wants the zero behind the text, and copies both.
        try check(unsafe text.withCString { unsafe sluice_avro_set_string(&target, $0, text.utf8.count) }, "text")
    }

    func set(_ number: Int64) throws(AvroFailure) {
        var target = unsafe value
        try check(unsafe sluice_avro_set_long(&target, number), "long")
    }

    func set(_ number: Int32) throws(AvroFailure) {
        var target = unsafe value
        try check(unsafe sluice_avro_set_int(&target, number), "int")
    }

    func set(_ number: Double) throws(AvroFailure) {
        var target = unsafe value
        try check(unsafe sluice_avro_set_double(&target, number), "double")
    }

    /// Sets a union of null and something else.
    func setOptional(_ isThere: Bool, _ fill: (AvroValue) throws(AvroFailure) -> Void) throws(AvroFailure) {
        guard isThere else {
            var null = unsafe try branch(0).value
            return try check(unsafe sluice_avro_set_null(&null), "null")
        }
        try fill(try branch(1))
    }

    func set(optional text: String?) throws(AvroFailure) {
        try setOptional(text != nil) { value throws(AvroFailure) in try value.set(text ?? "") }
    }

    private func check(_ code: Int32, _ what: String) throws(AvroFailure) {
        guard code == 0 else { throw .unusableField(what) }
    }

    // MARK: Reading

    private var type: avro_type_t {
        var source = unsafe value
        return unsafe sluice_avro_type(&source)
    }

    /// What a union holds, or the value itself when it is none; `nil` for null.
    var content: AvroValue? {
        switch type {
        case AVRO_NULL: return nil
        case AVRO_UNION:
            var (source, child) = unsafe (value, avro_value_t())
            guard unsafe sluice_avro_current_branch(&source, &child) == 0 else { return nil }
            return unsafe AvroValue(child).content
        default: return self
        }
    }

    /// The name of a record's type, without its namespace.
    var typeName: String? {
        guard type == AVRO_RECORD else { return nil }
        var source = unsafe value
        guard let schema = unsafe sluice_avro_schema(&source), let name = unsafe avro_schema_name(schema) else {
            return nil
        }
        return unsafe String(cString: name)
    }

    /// A record's field; `nil` when it is not there, or null.
    subscript(name: String) -> AvroValue? {
        guard type == AVRO_RECORD else { return nil }
        var (source, child) = unsafe (value, avro_value_t())
        guard unsafe sluice_avro_by_name(&source, name, &child) == 0 else { return nil }
        return unsafe AvroValue(child).content
    }

    var text: String? {
        guard type == AVRO_STRING else { return nil }
        var source = unsafe value
        var (pointer, size) = unsafe (nil as UnsafePointer<CChar>?, 0)
        guard unsafe sluice_avro_get_string(&source, &pointer, &size) == 0, let start = unsafe pointer, size > 0 else {
            return nil
        }
        // The size counts the zero at the end.
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: size - 1)
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// A long or an int.
    var integer: Int64? {
        var source = unsafe value
        switch type {
        case AVRO_INT64:
            var number: Int64 = 0
            return unsafe sluice_avro_get_long(&source, &number) == 0 ? number : nil
        case AVRO_INT32:
            var number: Int32 = 0
            return unsafe sluice_avro_get_int(&source, &number) == 0 ? Int64(number) : nil
        default: return nil
        }
    }

    var double: Double? {
        guard type == AVRO_DOUBLE else { return nil }
        var source = unsafe value
        var number = 0.0
        return unsafe sluice_avro_get_double(&source, &number) == 0 ? number : nil
    }

    /// The items of an array.
    var items: [AvroValue]? {
        guard type == AVRO_ARRAY else { return nil }
        var source = unsafe value
        var count = 0
        guard unsafe sluice_avro_size(&source, &count) == 0 else { return nil }
        return (0..<count).compactMap { try? field($0) }
    }
}
