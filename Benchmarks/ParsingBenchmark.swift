import Bytes
import Media
import RTMP

/// How fast an encoder's bytes become frames: chunks, messages, FLV and access units, without a socket.
func measureParsing() async throws {
    let broadcast = try SampleBroadcast(seconds: 20)
    for (chunkBytes, encoder) in [(4096, "OBS, and FFmpeg 60,000"), (128, "the smallest that is usual")] {
        let recording = try RecordedPublication(of: broadcast, chunkBytes: UInt32(chunkBytes))
        try await Measurement.measure("RTMP parse, chunks of \(chunkBytes) bytes", detail: encoder) {
            try BenchmarkFailure.check("frames", try recording.replay(), is: broadcast.frames.count)
            return .bytes(recording.byteCount)
        }
    }
}

/// All that an encoder sends in a publication, cut as one `recv` after the other brings it.
struct RecordedPublication {
    /// The size of the buffer that a connection receives into.
    private static let readBytes = 64 * 1024
    /// The same for the recording and each replay, since the answers to a handshake depend on it.
    private static let seed: UInt64 = 7

    private let reads: [Bytes]
    let byteCount: Int

    init(of broadcast: SampleBroadcast, chunkBytes: UInt32) throws {
        var script = PublishScript(name: "key")
        script.chunkBytes = chunkBytes
        var client = ClientSession(script, seed: 1)
        var server = ServerSession(seed: Self.seed)
        var reads: [Bytes] = []
        var mayPublish = false
        while !mayPublish {
            for bytes in client.takeOutput() {
                reads.append(bytes)
                try server.receive(bytes)
            }
            while let event = server.nextEvent() { if case .publishRequested = event { server.accept() } }
            let answers = server.takeOutput()
            try BenchmarkFailure.check("silent servers", answers.isEmpty ? 1 : 0, is: 0)
            for bytes in answers { try client.receive(bytes) }
            while let event = client.nextEvent() { if event == .publishStarted { mayPublish = true } }
        }
        for frame in broadcast.encoderFrames { client.send(frame) }
        for bytes in client.takeOutput() {
            for start in stride(from: 0, to: bytes.count, by: Self.readBytes) {
                // A copy, because each receive is a buffer of its own.
                reads.append(Bytes(bytes[start..<min(start + Self.readBytes, bytes.count)].array))
            }
        }
        self.reads = reads
        byteCount = reads.reduce(0) { $0 + $1.count }
    }

    /// - Returns: How many frames came out.
    func replay() throws -> Int {
        var server = ServerSession(seed: Self.seed)
        var frames = 0
        for bytes in reads {
            try server.receive(bytes)
            while let event = server.nextEvent() {
                if case .frame = event { frames += 1 }
                if case .publishRequested = event { server.accept() }
            }
            _ = server.takeOutput()
        }
        return frames
    }
}
