import Foundation
import FoundationNetworking
import TestKit
import Testing

/// What is left of broadcasts when they are over. The broker is librdkafka's mock cluster and the S3 server SeaweedFS;
/// all else is real too.
@Suite(.serialized, .timeLimit(.minutes(4))) struct RecordingTests {
    @Test func `broadcasts that are over play from the bucket alone, and from delivery with Redis emptied`()
        async throws
    {
        let stage = try await RecordingStage()
        let delivery = try await stage.cluster.start("delivery")

        let first = try await stage.sentCounts(of: stage.publish(seconds: 6))
        try await stage.waitForRecordings(1)
        for name in ["master.m3u8", "manifest.mpd"] { #expect(try await stage.stored(name) == first, "\(name)") }
        let playlist = try await stage.storedText("source/playlist.m3u8")
        #expect(playlist.contains("#EXT-X-PLAYLIST-TYPE:VOD"))
        #expect(playlist.hasSuffix("#EXT-X-ENDLIST\n"))
        #expect(!playlist.contains("#EXT-X-GAP"))

        // While the next is on air.
        let clip = try await stage.clip(seconds: 4)
        let encoder = try stage.encoder(clip)
        try await eventually("there is something to play") {
            try await ServiceCluster.text("GET", "/hls/\(stage.stream)/master.m3u8", of: delivery) != nil
        }
        let earlier = try #require(try await stage.recordings().first)
        for path in earlier.paths { #expect(try await stage.played(path, by: delivery) == first, "\(path)") }
        #expect(try await encoder.wait(seconds: 60) == 0, "\(encoder.errors)")
        let second = try await stage.sentCounts(of: clip)
        try await stage.waitForRecordings(2)
        for name in ["master.m3u8", "manifest.mpd"] { #expect(try await stage.stored(name) == second, "\(name)") }

        try await stage.cluster.emptyRedis()
        _ = try await delivery.child.stop()
        let fresh = try await stage.cluster.start("delivery")
        let recordings = try await stage.recordings()
        #expect(recordings.map(\.id).dropFirst() == [earlier.id])
        for (recording, sent) in zip(recordings, [second, first]) {
            #expect(recording.seconds == sent.pictures / 25)
            for path in recording.paths {
                #expect(try await stage.stored(recording.name(in: path)) == sent, "\(path)")
                #expect(try await stage.played(path, by: fresh) == sent, "\(path)")
            }
        }
        for path in ["/hls/\(stage.stream)/master.m3u8", "/dash/\(stage.stream)/manifest.mpd"] {
            #expect(try await stage.played(path, by: fresh) == second, "\(path)")
        }
    }
}

/// A stream on a cluster that records, and what can be seen of it from outside.
private struct RecordingStage {
    /// Pictures and frames of sound, decoded.
    struct Counts: Equatable {
        var pictures: Int
        var sound: Int
    }

    /// A recording in the API's list.
    struct Recording {
        let id: String
        /// In HLS and in DASH.
        let paths: [String]
        /// Rounded.
        let seconds: Int

        /// What is behind the stream in a path: the name in the bucket.
        func name(in path: String) -> String { path.split(separator: "/").dropFirst(2).joined(separator: "/") }
    }

    let cluster: ServiceCluster
    let stream: String
    private let s3: S3Server
    private let api: ServiceCluster.Process
    private let worker: ServiceCluster.Process
    private let ingest: ServiceCluster.Process
    private let publishURL: String
    private var folder: URL { cluster.directory.url }

    init() async throws {
        s3 = try await S3Server.shared()
        cluster = try await ServiceCluster(environment: [
            "S3_ENDPOINT": s3.endpoint, "S3_BUCKET": S3Server.publicBucket, "S3_ACCESS_KEY": S3Server.accessKey,
            "S3_SECRET_KEY": S3Server.secretKey,
        ])
        api = try await cluster.start("api")
        ingest = try await cluster.start("ingest")
        worker = try await cluster.start("transcode")
        let made = try await ServiceCluster.text("POST", "/streams", of: api, body: #"{"title":"Test"}"#)
        stream = try #require(ServiceCluster.member("id", in: made))
        let key = try #require(ServiceCluster.member("stream_key", in: made))
        publishURL = "rtmp://127.0.0.1:\(ingest.port)/live/\(key)"
    }

    func clip(seconds: Int) async throws -> TestClip {
        try await TestClip.make(in: folder, seconds: seconds, size: "320x180", kilobits: 300, name: "clip-\(seconds)")
    }

    func encoder(_ clip: TestClip) throws -> ChildProcess {
        try Encoder.ffmpeg.publish(clip, to: publishURL, in: folder)
    }

    /// A whole broadcast.
    func publish(seconds: Int) async throws -> TestClip {
        let clip = try await clip(seconds: seconds)
        let encoder = try encoder(clip)
        #expect(try await encoder.wait(seconds: 60) == 0, "\(encoder.errors)")
        return clip
    }

    /// What a viewer must get: all pictures, and all sound from the first of them on.
    func sentCounts(of clip: TestClip) async throws -> Counts {
        let file = try Data(contentsOf: clip.file)
        let pictures = try await MediaProbe.packets(of: file, .video, in: folder)
        let sound = try await MediaProbe.packets(of: file, .audio, in: folder)
        let begin = try #require(pictures.map(\.presentationTime).min())
        #expect(pictures.count == clip.videoFrames)
        return Counts(pictures: pictures.count, sound: sound.count { $0.presentationTime >= begin })
    }

    func recordings() async throws -> [Recording] {
        let text = try #require(try await ServiceCluster.text("GET", "/streams/\(stream)/recordings", of: api))
        let page = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let list = try #require(page?["recordings"] as? [[String: Any]])
        return try list.map { item in
            let addresses = [item["hls_url"], item["dash_url"]].compactMap { ($0 as? String).flatMap(URL.init) }
            let milliseconds = try #require(item["duration_ms"] as? Int)
            return Recording(
                id: try #require(item["id"] as? String), paths: addresses.map(\.path),
                seconds: (milliseconds + 500) / 1000)
        }
    }

    /// Waits for so many recordings in the list, the last of which has all its documents.
    func waitForRecordings(_ count: Int) async throws {
        try await eventually("\(count) recordings are written: \(worker.child.errors)") {
            guard let newest = try await recordings().first, try await recordings().count == count else { return false }
            for path in newest.paths where try await object(newest.name(in: path)) == nil { return false }
            return try await object("manifest.mpd") != nil
        }
    }

    // MARK: From the bucket, without a service and without a signature

    func storedText(_ name: String) async throws -> String { try #require(try await object(name)) }

    func stored(_ name: String) async throws -> Counts { try await counts(place(name)) }

    private func place(_ name: String) -> String { "\(s3.endpoint)/\(S3Server.publicBucket)/\(stream)/\(name)" }

    private func object(_ name: String) async throws -> String? {
        let url = try #require(URL(string: place(name)))
        let (data, response) = try await URLSession.shared.data(from: url)
        return (response as? HTTPURLResponse)?.statusCode == 200 ? String(decoding: data, as: UTF8.self) : nil
    }

    // MARK: Playing

    func played(_ path: String, by delivery: ServiceCluster.Process) async throws -> Counts {
        try await counts("http://127.0.0.1:\(delivery.port)\(path)")
    }

    /// What a player finds in a file or behind an address, from its beginning to its end.
    ///
    /// Each kind by itself: FFmpeg's reader of DASH ends with the shorter one.
    private func counts(_ place: String) async throws -> Counts {
        async let pictures = count("v:0", of: place)
        async let sound = count("a:0", of: place)
        return try await Counts(pictures: pictures, sound: sound)
    }

    private func count(_ kind: String, of place: String) async throws -> Int {
        let probe = try await ChildProcess.run(
            [
                "ffprobe", "-v", "error", "-count_frames", "-select_streams", kind, "-show_entries",
                "stream=nb_read_frames", "-of", "csv=p=0", place,
            ], in: folder, seconds: 60)
        #expect(probe.status == 0 && probe.errors.isEmpty, "\(place): \(probe.errors)")
        return try #require(probe.output.split(separator: "\n").first.flatMap { Int($0) }, "\(probe.output)")
    }
}
