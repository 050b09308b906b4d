import Bytes
import StreamingCore
import Testing

@Suite struct RecordedBroadcastTests {
    private let recording = RecordedBroadcast(
        number: 17, startedAt: WallTime(unixMilliseconds: 1_795_435_200_250), durationMilliseconds: 5_400_000,
        byteCount: 1_200_000_000,
        renditions: [
            .init(name: "720p", kind: .video, width: 1280, height: 720, bitsPerSecond: 2_800_000),
            .init(name: "audio", kind: .audio, width: nil, height: nil, bitsPerSecond: 128_000),
        ])

    @Test func `it is JSON that anybody can read, and comes back as it was`() throws {
        #expect(
            recording.encoded.string == """
                {"bytes":1200000000,"duration_ms":5400000,"number":17,"renditions":\
                [{"bits_per_second":2800000,"height":720,"kind":"video","name":"720p","width":1280},\
                {"bits_per_second":128000,"kind":"audio","name":"audio"}],"started_at_ms":1795435200250}
                """)
        #expect(try RecordedBroadcast(decoding: recording.encoded) == recording)
    }

    @Test func `cut off at any length it is refused`() {
        let whole = recording.encoded
        for length in 0..<whole.count {
            #expect(throws: StreamError.self) { try RecordedBroadcast(decoding: whole.prefix(length)) }
        }
    }

    @Test(arguments: [
        (#""number":17"#, #""number":-1"#), (#""duration_ms":5400000"#, #""duration_ms":-5"#),
        (#""started_at_ms":1795435200250"#, #""started_at_ms":9223372036854775807"#),
        (#""bytes":1200000000"#, #""bytes":"many""#), (#""kind":"audio""#, #""kind":"smell""#),
    ]) func `numbers that nothing has are refused`(right: String, wrong: String) {
        let text = recording.encoded.string.replacing(right, with: wrong)
        #expect(throws: StreamError.self) { try RecordedBroadcast(decoding: Bytes(utf8: text)) }
    }

    @Test func `what is too long is refused unread`() {
        let spaces = String(repeating: " ", count: RecordedBroadcast.bytesMax)
        #expect(throws: StreamError.self) {
            try RecordedBroadcast(decoding: Bytes(utf8: recording.encoded.string + spaces))
        }
    }

    @Test func `a name tells its number, and other names none`() {
        #expect(RecordedBroadcast.name(17) == "recording-17.json")
        #expect(RecordedBroadcast.number(inName: "recording-17.json") == 17)
        for name in [
            "recording-17.m3u8", "recording-017.json", "recording--1.json", "recording-.json", "recording-+7.json",
            "source/recording-17.json", "recording-1000000000000000000.json",
        ] {
            #expect(RecordedBroadcast.number(inName: name) == nil, "\(name)")
        }
    }
}
