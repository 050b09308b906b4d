import Bytes
import Testing

@Suite struct UTF8ValidatorTests {
    /// How many bytes may come before the validator sees that the text cannot become valid; nil when it never does.
    private func failurePosition(_ bytes: [UInt8]) -> Int? {
        var validator = UTF8Validator()
        for (position, byte) in bytes.enumerated() where !validator.receive(Bytes([byte])) { return position }
        return nil
    }

    private func isValid(_ bytes: [UInt8]) -> Bool {
        var validator = UTF8Validator()
        return validator.receive(Bytes(bytes)) && validator.isComplete
    }

    @Test func `every sequence of up to three bytes at the borders is judged as the standard library does`() {
        let borders: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF,
        ]
        for a in borders {
            for b in borders {
                for c in borders {
                    for d in [0x41, 0x80, 0xBF] as [UInt8] {
                        let bytes = [a, b, c, d]
                        #expect(isValid(bytes) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
                    }
                }
            }
        }
    }

    @Test func `a text is valid however it is cut`() {
        let text = Array("a longer run of ASCII, then Hellö-µ@ßöäüàá-UTF-8!! and κόσμε and 🎥📺, and ASCII again".utf8)
        for cut in 0...text.count {
            var validator = UTF8Validator()
            let verdicts = [text[..<cut], text[cut...]].map { validator.receive(Bytes(Array($0))) }
            #expect(verdicts == [true, true])
            #expect(validator.isComplete)
        }
    }

    @Test(
        arguments: [
            // Overlong, surrogate, above U+10FFFF, a lone continuation, a start within a character.
            ([0xC0, 0xAF], 0), ([0xE0, 0x80, 0x80], 1), ([0xF0, 0x80, 0x80, 0x80], 1), ([0xED, 0xA0, 0x80], 1),
            ([0xF4, 0x90, 0x80, 0x80], 1), ([0x41, 0x80], 1), ([0xCE, 0x41], 1), ([0xF5], 0),
        ] as [([UInt8], Int)]) func `invalid bytes are found at the first that is`(bytes: [UInt8], position: Int)
    {
        #expect(failurePosition(bytes) == position)
        // Also behind enough ASCII to be skipped in words.
        #expect(failurePosition([UInt8](repeating: 0x61, count: 19) + bytes) == position + 19)
    }

    @Test func `half a character is not complete`() {
        var validator = UTF8Validator()
        let begins = validator.receive(Bytes([0xF0, 0x9F, 0x8E]))
        #expect(begins && !validator.isComplete)
        let ends = validator.receive(Bytes([0xA5]))
        #expect(ends && validator.isComplete)
    }
}
