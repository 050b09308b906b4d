import Bytes
import HTTPClient

// XML as S3 answers with (a small part of XML 1.0)
//
// <?xml version="1.0" encoding="UTF-8"?>
// <ListBucketResult xmlns="...">               elements; attributes are passed over
//   <IsTruncated>false</IsTruncated>           a leaf: "ListBucketResult/IsTruncated" is "false"
//   <Contents><Key>a&amp;b</Key>...            "ListBucketResult/Contents/Key" is "a&b"
//   <Prefix/>                                  a leaf with nothing in it

/// Why bytes are no document that can be used.
enum XMLFailure: Error, Sendable, Equatable {
    /// The document ends within something.
    case truncated
    /// An element ends that is not the innermost one, or text stands where none can.
    case malformed(position: Int)
    /// Something that S3 never sends, such as a document type: entities of its own could make it grow without bounds.
    case unsupported(position: Int)
    /// More elements or deeper ones than any answer has.
    case tooLarge
}

/// The elements of a document that have no others in them, with their text.
struct XMLLeaves: Sendable {
    /// Elements within elements.
    static let depthMax = 16
    static let leavesMax = 50_000

    private struct Leaf: Sendable {
        let path: String
        let text: String
    }

    private var leaves: [Leaf] = []

    init(_ document: Bytes) throws(XMLFailure) {
        var scanner = XMLScanner(document)
        var path: [String] = []
        var text = ""
        // Whether the innermost element has no others in it so far.
        var isLeaf = false
        var hasRoot = false
        while let token = try scanner.next() {
            switch token {
            case .open(let name):
                guard !hasRoot || !path.isEmpty else { throw .malformed(position: scanner.position) }
                guard path.count < Self.depthMax else { throw .tooLarge }
                hasRoot = true
                path.append(name)
                text = ""
                isLeaf = true
            case .text(let piece):
                guard !path.isEmpty else { throw .malformed(position: scanner.position) }
                text += piece
            case .close(let name):
                guard path.last == name else { throw .malformed(position: scanner.position) }
                if isLeaf {
                    guard leaves.count < Self.leavesMax else { throw .tooLarge }
                    leaves.append(Leaf(path: path.joined(separator: "/"), text: text))
                }
                isLeaf = false
                path.removeLast()
            }
        }
        guard hasRoot, path.isEmpty else { throw .truncated }
    }

    /// The document of an answer.
    init(_ answer: Answer) throws(S3Failure) {
        do throws(XMLFailure) {
            self = try XMLLeaves(answer.document)
        } catch {
            throw .malformed(error)
        }
    }

    /// The text of the first leaf with a path.
    func first(_ path: String) -> String? { leaves.first { $0.path == path }?.text }

    /// The texts of all leaves with a path.
    func all(_ path: String) -> [String] { leaves.lazy.filter { $0.path == path }.map(\.text) }
}
