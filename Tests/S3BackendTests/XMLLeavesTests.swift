import Bytes
import Testing

@testable import S3Backend

@Suite struct XMLLeavesTests {
    static let list = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- a comment with <Key>x</Key> -->
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/" note='a > b'>
          <IsTruncated>true</IsTruncated><Prefix/>
          <Contents><Key>a&amp;b/&#x63;&#100;</Key><Size>5</Size></Contents>
          <Contents><Key>e f</Key><Owner><ID>1</ID></Owner></Contents>
        </ListBucketResult>

        """

    @Test func `leaves have paths and resolved texts`() throws {
        let leaves = try XMLLeaves(Bytes(utf8: Self.list))
        #expect(leaves.all("ListBucketResult/Contents/Key") == ["a&b/cd", "e f"])
        #expect(leaves.first("ListBucketResult/IsTruncated") == "true")
        #expect(leaves.first("ListBucketResult/Prefix") == "")
        #expect(leaves.first("ListBucketResult/Contents") == nil)
        #expect(leaves.first("ListBucketResult/Contents/Owner/ID") == "1")
    }

    @Test func `every truncated document is refused`() throws {
        let text = Self.list.utf8.dropLast(2)
        for length in 0..<text.count {
            #expect(throws: XMLFailure.self) { try XMLLeaves(Bytes(Array(text.prefix(length)))) }
        }
    }

    @Test(arguments: [
        "", "no xml", "<a></b>", "<a><b></a></b>", "</a>", "<a></a><b></b>", "<a>&unknown;</a>", "<a>&amp</a>",
        "<>x</>",
        "<a>&#xD800;</a>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a><![CDATA[b]]></a>", "< a></ a>", "<a",
        "<\(String(repeating: "n", count: 65))/>", "{\"json\":true}", "<a b='c></a>",
    ])
    func `what is no such document is refused`(_ text: String) {
        #expect(throws: XMLFailure.self) { try XMLLeaves(Bytes(utf8: text)) }
    }

    @Test func `depth and number are bounded`() {
        let deep = String(repeating: "<a>", count: 17) + String(repeating: "</a>", count: 17)
        #expect(throws: XMLFailure.tooLarge) { try XMLLeaves(Bytes(utf8: deep)) }
        let many = "<a>" + String(repeating: "<b/>", count: XMLLeaves.leavesMax + 1) + "</a>"
        #expect(throws: XMLFailure.tooLarge) { try XMLLeaves(Bytes(utf8: many)) }
    }

    @Test func `mutated documents never trap`() {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        for _ in 0..<5000 {
            var bytes = Array(Self.list.utf8)
            for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
            _ = try? XMLLeaves(Bytes(bytes))
        }
    }
}
