import Bytes
import HTTP
import Testing

@Suite struct RangeRequestTests {
    @Test(arguments: [
        ("bytes=0-0", RangeRequest.part(0..<1)), ("bytes=0-", .part(0..<100)), ("bytes=10-19", .part(10..<20)),
        ("bytes=99-", .part(99..<100)), ("bytes=90-1000", .part(90..<100)), ("bytes=-1", .part(99..<100)),
        ("bytes=-100", .part(0..<100)), ("bytes=-1000", .part(0..<100)), ("BYTES=0-1", .part(0..<2)),
        ("bytes= 0-1 ", .part(0..<2)), ("bytes=0-99999999999999999999", .part(0..<100)),
        ("bytes=-99999999999999999999", .part(0..<100)), ("bytes=100-", .unsatisfiable),
        ("bytes=100-200", .unsatisfiable),
        ("bytes=-0", .unsatisfiable), ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=5-4", .whole),
        ("bytes=0-1,3-4", .whole), ("bytes=", .whole), ("bytes", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole),
        ("bytes=1", .whole), ("bytes=--1", .whole), ("bytes=+1-2", .whole), ("items=0-1", .whole), ("", .whole),
        ("bytes=0 - 1", .whole), ("bytes =0-1", .whole), ("bytes=0x1-2", .whole),
    ])
    func `of a hundred bytes`(value: String, expected: RangeRequest) {
        #expect(RangeRequest(value, length: 100) == expected)
    }

    @Test func `of nothing`() {
        #expect(RangeRequest("bytes=0-", length: 0) == .unsatisfiable)
        #expect(RangeRequest("bytes=-5", length: 0) == .whole)
        #expect(RangeRequest(nil, length: 0) == .whole)
    }

    @Test func `slices buffers without copying`() {
        let buffers: [Bytes] = [[0, 1, 2], [], [3], [4, 5, 6, 7]]
        let flat = buffers.flatMap(\.array)
        #expect(buffers.byteCount == 8)
        for from in 0...8 {
            for to in from...8 {
                let slice = buffers.slice(from..<to)
                #expect(slice.flatMap(\.array) == Array(flat[from..<to]))
                #expect(slice.allSatisfy { !$0.isEmpty })
            }
        }
    }
}
