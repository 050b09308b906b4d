import Bytes

/// Writes elements with attributes, indented. Values are escaped already.
struct XMLWriter: ~Copyable {
    private var writer = ByteWriter(capacity: 4096)
    private var path: [String] = []

    init() { writer.write(utf8: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") }

    /// Begins an element; attributes that are `nil` are left out.
    mutating func open(_ name: String, _ attributes: [(String, String)?] = []) {
        writeTag(name, attributes, end: ">\n")
        path.append(name)
    }

    /// Writes an element without content.
    mutating func element(_ name: String, _ attributes: [(String, String)?]) {
        writeTag(name, attributes, end: "/>\n")
    }

    /// Ends the innermost element.
    mutating func close() {
        guard let name = path.popLast() else { return }
        writer.write(repeating: UInt8(ascii: " "), count: path.count)
        writer.write(utf8: "</\(name)>\n")
    }

    private mutating func writeTag(_ name: String, _ attributes: [(String, String)?], end: String) {
        writer.write(repeating: UInt8(ascii: " "), count: path.count)
        writer.write(utf8: "<\(name)")
        for case let (name, value)? in attributes { writer.write(utf8: " \(name)=\"\(value)\"") }
        writer.write(utf8: end)
    }

    consuming func finish() -> Bytes { writer.finish() }
}
