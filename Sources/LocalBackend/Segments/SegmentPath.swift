import StreamingCore

/// Where a segment lies in a directory store, checked so that no name can lead out of the store.
///
/// ```
///  {root}/{stream}/source/segment-17.m4s             a segment
///  {root}/{stream}/source/.partial-segment-17.m4s    while it is written
///  {root}/.lock                                      held by the process that uses the store
/// ```
struct SegmentPath {
    static let pathCharactersMax = 200
    static let componentsMax = 4

    /// The folder that the file lies in, without a slash at its end.
    let folder: String
    private let fileName: String

    var file: String { folder + "/" + fileName }
    /// No segment can have this name, because a component never starts with a dot.
    var partialFile: String { folder + "/.partial-" + fileName }

    /// - Throws: ``StreamError/invalidValue(field:reason:)`` unless the name's path is one to four components of ASCII
    ///   letters, digits, `-`, `_` and `.`, none empty or starting with a dot.
    init(root: String, name: SegmentName) throws(StreamError) {
        let components = name.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard name.path.utf8.count <= Self.pathCharactersMax, components.count <= Self.componentsMax,
            components.allSatisfy({ $0.first != nil && $0.first != UInt8(ascii: ".") && $0.allSatisfy(Self.isAllowed) })
        else {
            throw .invalidValue(field: "segment name", reason: "'\(name.path.prefix(80))' cannot be a file's name")
        }
        let texts = components.map { String(decoding: $0, as: UTF8.self) }
        folder = ([root, name.stream.description] + texts.dropLast()).joined(separator: "/")
        fileName = texts.last ?? ""
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
