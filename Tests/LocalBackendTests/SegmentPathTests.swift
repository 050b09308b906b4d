import StreamingCore
import Testing

@testable import LocalBackend

@Suite struct SegmentPathTests {
    private let stream = StreamID(at: WallTime(unixMilliseconds: 0))

    @Test func `a segment lies under its stream`() throws {
        let path = try SegmentPath(root: "/data", name: SegmentName(stream: stream, path: "source/segment-17.2.m4s"))
        #expect(path.folder == "/data/\(stream)/source")
        #expect(path.file == "/data/\(stream)/source/segment-17.2.m4s")
        #expect(path.partialFile == "/data/\(stream)/source/.partial-segment-17.2.m4s")
        #expect(try SegmentPath(root: "/d", name: SegmentName(stream: stream, path: "a")).file == "/d/\(stream)/a")
    }

    @Test(arguments: [
        "", "/", "..", "../x", "a/../b", "a/..", "./a", ".", ".hidden", "a/.partial-b", "/etc/passwd", "a//b", "a/",
        "/a",
        "a\u{0}b", "a\\b", "a b", "a\nb", "ä", "a/b/c/d/e", "a:b", "~", String(repeating: "a", count: 201),
    ])
    func `a name that could lead elsewhere is refused`(name: String) {
        let failure = #expect(throws: StreamError.self) {
            try SegmentPath(root: "/data", name: SegmentName(stream: stream, path: name))
        }
        guard case .invalidValue(field: "segment name", _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }
}
