import Bytes
import Testing

@Suite struct MaskingTests {
    static let key: UInt32 = 0x37_FA_21_3D
    static let keyBytes: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    @Test(arguments: 0...40) func `every byte meets its byte of the key`(count: Int) {
        let plain = Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) })
        for phase in 0..<9 {
            let expected = (0..<count).map { plain[$0] ^ Self.keyBytes[($0 + phase) % 4] }
            #expect(plain.masked(with: Self.key, phase: phase).array == expected)
            // A slice begins where no word does.
            if count > 3 {
                #expect(plain.dropFirst(3).masked(with: Self.key, phase: phase + 3).array == Array(expected[3...]))
            }
        }
    }

    @Test func `masking twice gives the same bytes again`() {
        let plain = Bytes(utf8: "once upon a midnight dreary")
        #expect(plain.masked(with: Self.key).masked(with: Self.key) == plain)
        #expect(Bytes().masked(with: Self.key).isEmpty)
    }
}
