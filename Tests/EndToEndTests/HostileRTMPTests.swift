import Bytes
import Foundation
import Network
import RTMP
import TestKit
import Testing

/// A hostile peer costs its own connection and a bounded amount of memory, and nobody else's broadcast.
@Suite(.timeLimit(.minutes(1))) struct HostileRTMPTests {
    /// The opening of a handshake without a digest, and the client's last part, which nobody looks at.
    private static let handshake = Bytes([3] + [UInt8](repeating: 0, count: 2 * 1536))

    /// Something that makes no sense.
    struct Attack: Sendable {
        let name: String
        let bytes: Bytes
        /// Whether a handshake comes before it.
        var followsHandshake = true
        /// Whether the server knows at once that nothing good can follow; else it waits for more.
        var isFatal = true
    }

    static let attacks = [
        Attack(name: "HTTP", bytes: Bytes(utf8: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), followsHandshake: false),
        Attack(
            name: "an encrypted handshake", bytes: Bytes([6] + [UInt8](repeating: 1, count: 1536)),
            followsHandshake: false),
        Attack(name: "half a handshake", bytes: [3, 0, 0, 0], followsHandshake: false, isFatal: false),
        Attack(name: "a message of 16 MB", bytes: chunk(type: 9, length: 0xFF_FFFF)),
        Attack(name: "5000 chunk streams", bytes: many(5000) { chunk(stream: 64 + $0, type: 9, length: 1000) }),
        Attack(name: "an empty command", bytes: chunk(type: 20, length: 0, payload: []), isFatal: false),
        Attack(name: "objects in objects", bytes: command([3, 0, 1, 0x61], deep: [3, 0, 1, 0x61], times: 30)),
        Attack(name: "an array of two billion", bytes: command([0x0A, 0x7F, 0xFF, 0xFF, 0xFF])),
        Attack(name: "a string that is not there", bytes: command([0x0C, 0xFF, 0xFF, 0xFF, 0xFF])),
        Attack(name: "a chunk size of zero", bytes: chunk(stream: 2, type: 1, length: 4, payload: [0, 0, 0, 0])),
    ]

    private static func chunk(stream: Int = 3, type: UInt8, length: Int, payload: [UInt8]? = nil) -> [UInt8] {
        let header: [UInt8] =
            stream < 64 ? [UInt8(stream)] : [1, UInt8((stream - 64) & 0xFF), UInt8((stream - 64) >> 8)]
        let lengthBytes = [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF)]
        return header + [0, 0, 0] + lengthBytes + [type, 0, 0, 0, 0]
            + (payload ?? [UInt8](repeating: 0x78, count: min(length, 128)))
    }

    private static func chunk(stream: Int = 3, type: UInt8, length: Int, payload: [UInt8]? = nil) -> Bytes {
        Bytes(chunk(stream: stream, type: type, length: length, payload: payload) as [UInt8])
    }

    private static func many(_ count: Int, _ make: (Int) -> [UInt8]) -> Bytes { Bytes((0..<count).flatMap(make)) }

    /// `connect` with an argument, in one chunk.
    private static func command(_ argument: [UInt8], deep: [UInt8] = [], times: Int = 0) -> Bytes {
        var body: [UInt8] = [2, 0, 7] + Array("connect".utf8) + [0, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0]
        body += argument
        for _ in 0..<times where body.count + deep.count <= 128 { body += deep }
        return chunk(type: 20, length: body.count, payload: body)
    }

    @Test func `what makes no sense ends its connection, and a broadcast beside it goes on`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try await TestClip.make(in: sluice.directory.url, seconds: 6, size: "320x180")
        let stream = try await sluice.makeStream()
        let encoder = try Encoder.ffmpeg.publish(clip, to: stream.publishURL, in: sluice.directory.url)
        try await eventually("the stream is active") { try await sluice.state(of: stream) == "active" }
        let before = (descriptors: sluice.descriptorCount, memory: sluice.residentBytes)
        for attack in Self.attacks {
            for repetition in 0..<10 {
                try await Wire.connect(to: sluice.rtmpPort) { connection in
                    // A peer that is cut off while it still sends has failed as it should.
                    if attack.followsHandshake { try? await connection.write(Self.handshake) }
                    try? await connection.write(attack.bytes)
                    // The others leave at once.
                    guard attack.isFatal && repetition % 2 == 0 else { return }
                    while let answer = try? await connection.read() { #expect(answer.count > 0) }
                }
            }
        }
        #expect(try await encoder.wait(seconds: 30) == 0)
        try await eventually("the stream has ended") { try await sluice.state(of: stream) == "ended" }
        let playlist = try StrictPlaylist(await sluice.text("/hls/\(stream.id)/source/playlist.m3u8"))
        #expect(playlist.violations == [] && playlist.discontinuities == 0)
        #expect(abs(playlist.seconds - 6) < 0.2)
        try await eventually("descriptors are back") { sluice.descriptorCount <= before.descriptors }
        #expect(sluice.residentBytes < before.memory + 24 << 20)
    }

    @Test func `of twenty publishers with one key exactly one stays`() async throws {
        let sluice = try await SluiceProcess()
        let clip = try FLVClip(try await TestClip.make(in: sluice.directory.url, seconds: 2, size: "160x90"))
        let stream = try await sluice.makeStream()
        let displaced = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do {
                        try await ScriptedEncoder.connect(to: stream, on: sluice) { encoder in
                            try await encoder.publish()
                            try await encoder.send(Array(clip.messages.prefix(40)))
                            _ = try await encoder.ending()
                        }
                    } catch NetworkError.readTimedOut {
                        return false
                    } catch {
                        // Displaced while it was still being let in, or while it sent.
                    }
                    return true
                }
            }
            var displaced = 0
            for _ in 0..<19 where try await group.next() == true { displaced += 1 }
            #expect(try await sluice.state(of: stream) == "active")
            group.cancelAll()
            return displaced
        }
        #expect(displaced == 19)
    }

    @Test(arguments: [
        ("hvc1", [0x90, 0x68, 0x76, 0x63, 0x31] as [UInt8]), ("av01", [0x90, 0x61, 0x76, 0x30, 0x31]),
        ("legacy HEVC", [0x1C, 0, 0, 0, 0]),
    ])
    func `a codec that is not supported is refused with a status`(name: String, body: [UInt8]) async throws {
        let sluice = try await SluiceProcess()
        let stream = try await sluice.makeStream()
        let code = try await ScriptedEncoder.connect(to: stream, on: sluice) { encoder in
            try await encoder.publish()
            let payload = Bytes(body + [UInt8](repeating: 0, count: 30))
            try await encoder.send([RawMessage(type: MessageType.video, payload: payload)])
            return try await encoder.ending()
        }
        #expect(code == "NetStream.Publish.Rejected")
        try await eventually("the stream is not on air") { try await sluice.state(of: stream) != "active" }
    }

    @Test func `guessed keys are refused one by one, and none is logged`() async throws {
        let sluice = try await SluiceProcess(environment: ["LOG_LEVEL": "debug"])
        let stream = try await sluice.makeStream()
        for number in 0..<30 {
            let guess = "guessed-stream-key-\(number)"
            await #expect(throws: RTMPFailure.refused(code: "NetStream.Publish.BadName")) {
                try await ScriptedEncoder.connect(to: stream, on: sluice, key: guess) { try await $0.publish() }
            }
        }
        try await ScriptedEncoder.connect(to: stream, on: sluice) { encoder in
            try await encoder.publish()
            try await encoder.finish()
        }
        #expect(!sluice.child.errors.contains("guessed-stream-key"))
        #expect(!sluice.child.errors.contains(stream.key))
    }

    @Test func `a flood of connections keeps new encoders out only as long as it lasts`() async throws {
        let sluice = try await SluiceProcess(environment: ["RTMP_CONNECTIONS_MAX": "10"])
        let stream = try await sluice.makeStream()
        try await ScriptedEncoder.connect(to: stream, on: sluice) { encoder in
            try await encoder.publish()
            try await withThrowingTaskGroup(of: Void.self) { flood in
                for _ in 0..<50 {
                    flood.addTask {
                        // Those above the limit are closed at once; the others wait in their handshake.
                        try await Wire.connect(to: sluice.rtmpPort) { _ = try? await $0.read() }
                    }
                }
                for _ in 0..<41 { try await flood.next() }
                #expect(try await sluice.state(of: stream) == "active")
                flood.cancelAll()
            }
            try await encoder.finish()
        }
        let other = try await sluice.makeStream()
        try await eventually("there is room again") {
            try await ScriptedEncoder.connect(to: other, on: sluice) { encoder in
                do { try await encoder.publish() } catch { return false }
                return true
            }
        }
    }
}
