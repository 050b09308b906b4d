import Bytes
import Media
import Testing

@testable import RTMP

@Suite struct CapturedSessionTests {
    /// What a captured session led to, as text.
    static func story(of capture: String, pieceSize: Int) throws -> [String] {
        var session = ServerSession(seed: 1)
        var story: [String] = []
        for piece in pieces(of: Bytes(base64: capture), size: pieceSize) {
            try session.receive(piece)
            while let event = session.nextEvent() {
                switch event {
                case .connected(let information): story.append("connected: \(information.encoder)")
                case .publishRequested(let request):
                    let query = request.query.map { "\($0.name)=\($0.value.revealed)" }
                    story.append("publish: \(request.streamKey.revealed) \(query.joined())")
                    session.accept()
                case .metadata(let metadata):
                    story.append("metadata: \(metadata.width ?? 0)x\(metadata.height ?? 0) \(metadata.encoder ?? "")")
                case .frame(let frame):
                    let time = "\(frame.timestampMilliseconds)+\(frame.compositionOffsetMilliseconds)"
                    let mark = frame.isKeyframe && frame.track.kind == .video ? " key" : ""
                    story.append("\(frame.track.codecString) \(time)\(mark) \(frame.payload.count)")
                case .publishEnded(let end): story.append("ended: \(end)")
                case .closeNeeded: story.append("close")
                }
            }
            _ = session.takeOutput()
        }
        let skipped = session.skippedMessages
        #expect(skipped == 0)
        return story
    }

    @Test(arguments: [1, 100, 4096, 10_000]) func `FFmpeg 5`(size: Int) throws {
        #expect(
            try Self.story(of: Captures.ffmpeg, pieceSize: size) == [
                "connected: FMLE/3.0 (compatible; Lavf59.27.100)", "publish: key token=abc",
                "metadata: 320x240 Lavf59.27.100", "avc1.64000d 0+80 key 2277", "avc1.64000d 40+160 244",
                "mp4a.40.2 57+0 133", "avc1.64000d 80+40 12", "mp4a.40.2 80+0 230",
            ])
    }

    /// Where the first decode times would be below zero, GStreamer repeats zero.
    static let gstreamerFrames = [
        "metadata: 320x240 GStreamer 1.22.0 FLV muxer", "avc1.64000d 0+0 key 2277", "avc1.64000d 0+120 244",
        "avc1.64000d 0+40 12", "mp4a.40.2 0+0 133",
    ]

    @Test(arguments: [1, 100, 4096, 10_000]) func `librtmp`(size: Int) throws {
        let story = try Self.story(of: Captures.librtmp, pieceSize: size)
        #expect(story == ["connected: ", "publish: key2 "] + Self.gstreamerFrames)
    }

    @Test(arguments: [1, 100, 4096, 10_000]) func `GStreamer's rtmp2sink`(size: Int) throws {
        let story = try Self.story(of: Captures.gstreamer, pieceSize: size)
        #expect(story == ["connected: LNX 10,0,32,18", "publish: key3 "] + Self.gstreamerFrames)
    }

    /// Smaller pieces only: FFmpeg waited for the answer to `publish`, and in one piece it would come too late.
    @Test(arguments: [1, 17, 100]) func `FFmpeg 8 with enhanced RTMP and HEVC`(size: Int) throws {
        #expect(
            try Self.story(of: Captures.enhanced, pieceSize: size) == [
                "connected: FMLE/3.0 (compatible; Lavf62.12.102)", "publish: key ", "metadata: 320x240 Lavf62.12.102",
                "ended: unsupportedCodec(\"HEVC (H.265) as hvc1\")", "close",
            ])
    }
}

extension Bytes {
    /// Base64 with padding, over any number of lines.
    init(base64 text: String) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var writer = ByteWriter()
        var bits: UInt32 = 0
        var count = 0
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { continue }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            writer.write(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        self = writer.finish()
    }
}
