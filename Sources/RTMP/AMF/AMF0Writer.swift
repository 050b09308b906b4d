public import Bytes

/// Writes AMF0 values one after the other.
public struct AMF0Writer: ~Copyable {
    private var writer: ByteWriter

    public init(capacity: Int = 256) { writer = ByteWriter(capacity: capacity) }

    /// The bytes of some values.
    public static func bytes(of values: [AMFValue]) -> Bytes {
        var writer = AMF0Writer()
        for value in values { writer.write(value) }
        return writer.finish()
    }

    /// Writes a value. Byte arrays, which only AMF3 has, become `unsupported`.
    public mutating func write(_ value: AMFValue) {
        switch value {
        case .number(let number):
            writer.write(AMF0Marker.number)
            writer.write(number.bitPattern)
        case .boolean(let isTrue):
            writer.write(AMF0Marker.boolean)
            writer.write(UInt8(isTrue ? 1 : 0))
        case .string(let text): write(text)
        case .object(let object):
            writer.write(AMF0Marker.object)
            write(object)
        case .null: writer.write(AMF0Marker.null)
        case .undefined: writer.write(AMF0Marker.undefined)
        case .ecmaArray(let object):
            writer.write(AMF0Marker.ecmaArray)
            writer.write(UInt32(object.members.count))
            write(object)
        case .strictArray(let values):
            writer.write(AMF0Marker.strictArray)
            writer.write(UInt32(values.count))
            for value in values { write(value) }
        case .date(let milliseconds):
            writer.write(AMF0Marker.date)
            writer.write(milliseconds.bitPattern)
            writer.write(UInt16(0))
        case .unsupported, .bytes: writer.write(AMF0Marker.unsupported)
        case .xml(let text):
            writer.write(AMF0Marker.xmlDocument)
            writer.write(UInt32(text.utf8.count))
            writer.write(utf8: text)
        case .typedObject(let className, let object):
            writer.write(AMF0Marker.typedObject)
            writeName(className)
            write(object)
        }
    }

    public consuming func finish() -> Bytes { writer.finish() }

    private mutating func write(_ text: String) {
        let length = text.utf8.count
        if length <= Int(UInt16.max) {
            writer.write(AMF0Marker.string)
            writer.write(UInt16(length))
        } else {
            writer.write(AMF0Marker.longString)
            writer.write(UInt32(length))
        }
        writer.write(utf8: text)
    }

    private mutating func write(_ object: AMFObject) {
        for member in object.members {
            writeName(member.name)
            write(member.value)
        }
        writer.write(UInt16(0))
        writer.write(AMF0Marker.objectEnd)
    }

    private mutating func writeName(_ name: String) {
        precondition(name.utf8.count <= Int(UInt16.max), "a name has at most 65,535 bytes")
        writer.write(UInt16(name.utf8.count))
        writer.write(utf8: name)
    }
}
