import Foundation
import RTMP
import Synchronization
import TestKit
import Testing

/// An ingest that is told to end leaves its broadcasts to another one. The broker is librdkafka's mock cluster, all
/// else is real.
@Suite(.serialized, .timeLimit(.minutes(4))) struct HandOverTests {
    private func makeStream(_ api: ServiceCluster.Process) async throws -> (id: String, key: String) {
        let made = try await ServiceCluster.text("POST", "/streams", of: api, body: #"{"title":"Test"}"#)
        return (
            try #require(ServiceCluster.member("id", in: made)),
            try #require(ServiceCluster.member("stream_key", in: made))
        )
    }

    private func state(_ id: String, _ api: ServiceCluster.Process) async throws -> String? {
        ServiceCluster.member("state", in: try await ServiceCluster.text("GET", "/streams/\(id)", of: api))
    }

    /// The numbers of the segments that a playlist lists, in its order.
    private func numbers(_ playlist: String) -> [Int] {
        playlist.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            line.firstRange(of: "segment-").flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) }
        }
    }

    @Test func `an encoder that is asked to reconnect goes on at another ingest, with the next number`() async throws {
        let cluster = try await ServiceCluster()
        let api = try await cluster.start("api")
        let second = try await cluster.start("ingest")
        let first = try await cluster.start(
            "ingest", environment: ["RTMP_RECONNECT_URL": "rtmp://127.0.0.1:\(second.port)/live"])
        let worker = try await cluster.start("transcode")
        let delivery = try await cluster.start("delivery")
        let stream = try await makeStream(api)
        let clip = try await TestClip.make(in: cluster.directory.url, seconds: 8, size: "320x180", reorders: false)
        let flv = try FLVClip(clip)
        var script = PublishScript(name: stream.key)
        script.extensions = .reconnect
        let asked = Mutex<String?>(nil)
        let encoding = Task { [script] in
            let url = try await ScriptedEncoder.connect(to: first.port, as: script) { encoder in
                try await encoder.publish()
                let sending = Task { await encoder.broadcast(flv, seconds: 8) }
                let url = try await encoder.reconnectRequest()
                sending.cancel()
                await sending.value
                // It says that it is done here, which must not end the broadcast.
                try await encoder.finish()
                return url
            }
            asked.withLock { $0 = url }
            try await ScriptedEncoder.connect(to: second.port, as: script) { encoder in
                try await encoder.publish()
                await encoder.broadcast(flv, seconds: 8)
            }
        }
        let path = "/hls/\(stream.id)/source/playlist.m3u8"
        try await eventually("there are segments", within: 60) {
            try await numbers(ServiceCluster.text("GET", path, of: delivery) ?? "").count >= 3
        }
        first.child.signal(SIGTERM)
        #expect(try await first.child.wait(seconds: 20) == 0, "\(first.child.errors)")
        #expect(asked.withLock { $0 } == "rtmp://127.0.0.1:\(second.port)/live")
        #expect(first.child.errors.contains("encoder asked to reconnect"))
        var playlist = ""
        try await eventually("it goes on: \(worker.child.errors)", within: 60) {
            playlist = try await ServiceCluster.text("GET", path, of: delivery) ?? ""
            #expect(!playlist.contains("#EXT-X-ENDLIST"))
            let parts = playlist.split(separator: "#EXT-X-DISCONTINUITY\n")
            return parts.count == 2 && numbers(String(parts[1])).count >= 2
        }
        let found = Array(Set(numbers(playlist))).sorted()
        #expect(found == Array((found.first ?? 0)...(found.last ?? 0)), "\(playlist)")
        #expect(try await state(stream.id, api) == "active")
        encoding.cancel()
        _ = await encoding.result
    }

    @Test func `what is left on air and is not gone on with is ended by another ingest when the grace is over`()
        async throws
    {
        let cluster = try await ServiceCluster(environment: [
            "RECONNECT_GRACE_SECONDS": "20", "SHUTDOWN_GRACE_SECONDS": "2",
        ])
        let api = try await cluster.start("api")
        let survivor = try await cluster.start("ingest")
        let first = try await cluster.start("ingest")
        let stream = try await makeStream(api)
        let clip = try await TestClip.make(in: cluster.directory.url, seconds: 8, size: "320x180", reorders: false)
        let flv = try FLVClip(clip)
        // One that does not know the request: it sends until it is sent away.
        let script = PublishScript(name: stream.key)
        let encoding = Task {
            try await ScriptedEncoder.connect(to: first.port, as: script) { encoder in
                try await encoder.publish()
                let sending = Task { await encoder.broadcast(flv, seconds: 8) }
                let code = try await encoder.ending()
                sending.cancel()
                await sending.value
                return code
            }
        }
        try await eventually("it is on air") { try await state(stream.id, api) == "active" }
        try await eventually("it is taken") { first.child.errors.contains("publish accepted") }
        first.child.signal(SIGTERM)
        #expect(try await first.child.wait(seconds: 12) == 0, "\(first.child.errors)")
        #expect(first.child.errors.contains("broadcast handed over"))
        #expect(try await encoding.value != nil, "the encoder is told")
        #expect(try await state(stream.id, api) == "reconnecting")
        try await eventually("it has ended: \(survivor.child.errors)", within: 60) {
            try await state(stream.id, api) == "ended"
        }
        #expect(survivor.child.errors.contains("its instance is silent"))
    }
}
