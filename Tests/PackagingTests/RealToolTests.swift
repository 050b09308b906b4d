import Bytes
import Foundation
import Media
import Packaging
import Testing

/// What FFmpeg's encoders make, packaged here and read by FFmpeg's demuxers.
@Suite(.enabled(if: Tool.areInstalled)) struct RealToolTests {
    @Test(.timeLimit(.minutes(2)), arguments: [0, 2])
    func `FFmpeg reads CMAF as it was encoded`(bFrames: Int) throws {
        let clip = try EncodedClip(bFrames: bFrames)
        let studio = clip.packaged()
        let directory = try Scratch()

        for (name, kind) in [("source", "v"), ("audio", "a")] {
            let segments = studio.segments(name)
            #expect(segments.count >= 3)
            let initialization = try #require(studio.store[studio.runs[0].rendition(named: name)!.initializationName])
            var whole = ByteWriter()
            whole.write(initialization)
            for segment in segments {
                let bytes = try #require(studio.store[segment.name])
                whole.write(bytes)
                var alone = ByteWriter()
                alone.write(initialization)
                alone.write(bytes)
                let file = try directory.write(alone.finish(), "\(name)-\(segment.number).mp4")
                let probe = try Tool.probe(file, stream: kind)
                #expect(probe.complaints == "", "\(segment)")
                #expect(probe.frameCount == segment.frameCount)
            }
            let file = try directory.write(whole.finish(), "\(name).mp4")
            let probe = try Tool.probe(file, stream: kind)
            #expect(probe.complaints == "")
            #expect(probe.frameCount == clip.playableFrameCount(kind == "v" ? .video : .audio))
            #expect(try Tool.decode(file) == "")
            #expect(try Tool.timesAreContinuous(file, stream: kind))
        }
    }
}

extension RealToolTests {
    @Test(.timeLimit(.minutes(2)), arguments: [0, 2])
    func `FFmpeg reads transport streams as they were encoded`(bFrames: Int) throws {
        let clip = try EncodedClip(bFrames: bFrames)
        let studio = clip.packaged()
        let directory = try Scratch()
        let (video, audio) = (Dictionary(grouping: studio.segments("source"), by: \.number), studio.segments("audio"))
        var whole = ByteWriter()
        for sound in audio {
            let picture = try #require(video[sound.number]?.first)
            let bytes = try studio.transportStream(picture, sound)
            whole.write(bytes)
            let file = try directory.write(bytes, "\(sound.number).ts")
            for (kind, segment) in [("v", picture), ("a", sound)] {
                let probe = try Tool.probe(file, stream: kind)
                #expect(probe.complaints == "")
                #expect(probe.frameCount == segment.frameCount)
            }
        }
        let file = try directory.write(whole.finish(), "all.ts")
        for (stream, kind) in [("v", MediaKind.video), ("a", .audio)] {
            let probe = try Tool.probe(file, stream: stream)
            #expect(probe.complaints == "")
            #expect(probe.frameCount == clip.playableFrameCount(kind))
            #expect(try Tool.timesAreContinuous(file, stream: stream))
        }
        #expect(try Tool.decode(file) == "")
        // A copy into another container shows what a muxer thinks of the times.
        let copy = directory.url.appendingPathComponent("copy.mp4").path
        #expect(try Tool.run("ffmpeg", ["-v", "warning", "-i", file, "-c", "copy", copy]).errors == "")
    }

    @Test(.timeLimit(.minutes(2)), arguments: HLSContainer.allCases)
    func `FFmpeg plays the playlists`(container: HLSContainer) throws {
        let clip = try EncodedClip(bFrames: 2)
        let studio = clip.packaged()
        let directory = try Scratch()
        try studio.write(to: directory)
        let master = try #require(MasterPlaylist.render(studio.window, container: container))
        let file = try directory.write(master, "master.m3u8")
        for (stream, kind) in [("v", MediaKind.video), ("a", .audio)] {
            let probe = try Tool.probe(file, stream: stream)
            #expect(probe.frameCount == clip.playableFrameCount(kind))
            #expect(probe.complaints == "")
        }
    }

    @Test(.timeLimit(.minutes(2))) func `FFmpeg plays the manifest`() throws {
        let clip = try EncodedClip(bFrames: 2)
        let studio = clip.packaged()
        let directory = try Scratch()
        try studio.write(to: directory)
        let file = try directory.write(try #require(DASHManifest.render(studio.window)), "manifest.mpd")
        for (stream, kind) in [("v", MediaKind.video), ("a", .audio)] {
            let probe = try Tool.probe(file, stream: stream)
            #expect(probe.frameCount == clip.playableFrameCount(kind))
            #expect(probe.complaints == "")
        }
    }
}

extension Studio {
    func transportStream(_ picture: Segment, _ sound: Segment) throws -> Bytes {
        let run = try #require(window.run(picture.run))
        return try TransportStream.segment(
            video: try TransportStream.Source(
                track: try #require(run.rendition(of: .video)).track, segment: try #require(store[picture.name]),
                decodeDelay: picture.decodeDelay),
            audio: try TransportStream.Source(
                track: try #require(run.rendition(of: .audio)).track, segment: try #require(store[sound.name])))
    }

    /// Everything a player would fetch, as files.
    func write(to directory: Scratch) throws {
        for name in ["source", "audio"] {
            try FileManager.default.createDirectory(
                at: directory.url.appendingPathComponent(name), withIntermediateDirectories: true)
            let playlist = try #require(MediaPlaylist.render(window, rendition: name))
            _ = try directory.write(playlist, "\(name)/playlist.m3u8")
        }
        for (name, bytes) in store { _ = try directory.write(bytes, name) }
        let muxed = try #require(MediaPlaylist.render(window, rendition: "source", container: .transportStream))
        _ = try directory.write(muxed, "source/playlist-ts.m3u8")
        for (picture, sound) in zip(segments("source"), segments("audio")) {
            _ = try directory.write(try transportStream(picture, sound), "source/segment-\(picture.number).ts")
        }
    }
}

/// A short clip with the timestamps that RTMP would carry.
struct EncodedClip {
    var frames: [Frame] = []

    init(bFrames: Int, seconds: Int = 7, size: String = "320x180") throws {
        let directory = try Scratch()
        let file = directory.url.appendingPathComponent("clip.flv").path
        let result = try Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=\(size):rate=30", "-f", "lavfi", "-i",
                "sine=frequency=440:sample_rate=44100", "-t", "\(seconds)", "-c:v", "libx264", "-preset", "veryfast",
                "-pix_fmt", "yuv420p", "-bf", "\(bFrames)", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0",
                "-c:a", "aac", "-ac", "2", "-f", "flv", file,
            ])
        try #require(result.status == 0, "\(result.errors)")
        try read(Bytes([UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))))
    }

    /// Frames from the first picture on: sound before it has nothing to go with.
    func playableFrameCount(_ kind: MediaKind) -> Int {
        guard let first = frames.first(where: { $0.track.kind == .video }) else { return 0 }
        let start = MediaTime(ticks: first.presentationTime, timescale: 90_000)
        return frames.count {
            $0.track.kind == kind && MediaTime(ticks: $0.presentationTime, timescale: $0.track.timescale) >= start
        }
    }

    func packaged(_ configuration: Packager.Configuration = .init()) -> Studio {
        var studio = Studio(configuration)
        studio.append(frames)
        studio.append(.ended)
        return studio
    }

    /// FLV: a header of 9 bytes; then 4 bytes of the last tag's size, and a tag.
    private mutating func read(_ file: Bytes) throws {
        var reader = ByteReader(file)
        try reader.skip(9)
        var video: Track?
        var audio: Track?
        var audioCount: Int64 = 0
        while reader.remaining > 4 {
            try reader.skip(4)
            let type = try reader.readUInt8()
            let length = Int(try reader.readUInt24())
            let time = Int64(try reader.readUInt24()) | Int64(try reader.readUInt8()) << 24
            try reader.skip(3)
            let body = try reader.readBytes(length)
            switch type {
            case 9 where body[1] == 0:
                let record = try AVCDecoderConfigurationRecord(body.dropFirst(5))
                video = Track(.avc(try AVCConfiguration(record: record)))
            case 9 where body[1] == 1:
                let offset = Int32(body[2]) << 16 | Int32(body[3]) << 8 | Int32(body[4])
                frames.append(
                    Frame(
                        track: try #require(video), decodeTime: time * 90, compositionOffset: offset * 90,
                        isKeyframe: body[0] >> 4 == 1, receivedUnixMilliseconds: 1_700_000_000_000 + time,
                        payload: body.dropFirst(5)))
            case 8 where body[1] == 0:
                audio = Track(.aac(try AACConfiguration(specificConfig: body.dropFirst(2))))
            case 8 where body[1] == 1:
                frames.append(
                    Frame(
                        track: try #require(audio), decodeTime: audioCount * 1024, isKeyframe: true,
                        receivedUnixMilliseconds: 1_700_000_000_000 + time, payload: body.dropFirst(2)))
                audioCount += 1
            default: break
            }
        }
    }
}

/// A directory that goes away with the value.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("packaging-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ bytes: Bytes, _ name: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(bytes.array).write(to: file)
        return file.path
    }
}

/// FFmpeg and libxml2 as other people's readers of what we write.
enum Tool {
    static var areInstalled: Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/ffmpeg") }
    static var validatesXML: Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/xmllint") }

    static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String, errors: String) {
        let directory = try Scratch()
        let files = ["out", "err"].map { directory.url.appendingPathComponent($0) }
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/\(name)")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        return (process.terminationStatus, texts[0], texts[1])
    }

    /// Counts the frames that decode, and collects what ffprobe has to say.
    static func probe(_ file: String, stream: String) throws -> (frameCount: Int, complaints: String) {
        let result = try run(
            "ffprobe",
            [
                "-v", "warning", "-count_frames", "-select_streams", stream, "-show_entries", "stream=nb_read_frames",
                "-of", "csv=p=0", file,
            ])
        let lines = result.output.split(separator: "\n")
        return (lines.first.flatMap { Int($0.prefix { $0.isNumber }) } ?? -1, result.errors)
    }

    /// What FFmpeg complains about while it decodes everything.
    static func decode(_ file: String) throws -> String {
        try run("ffmpeg", ["-v", "warning", "-i", file, "-f", "null", "-"]).errors
    }

    /// Whether decode times rise and no frame is missing between two others.
    static func timesAreContinuous(_ file: String, stream: String) throws -> Bool {
        let result = try run(
            "ffprobe",
            [
                "-v", "warning", "-select_streams", stream, "-show_entries", "packet=pts_time,dts_time", "-of",
                "csv=p=0",
                file,
            ])
        let rows = result.output.split(separator: "\n").map { $0.split(separator: ",").compactMap { Double($0) } }
        let presentation = rows.compactMap(\.first).sorted()
        let decode = rows.compactMap(\.last)
        guard rows.count > 10, rows.allSatisfy({ $0.count == 2 }) else { return false }
        return zip(decode, decode.dropFirst()).allSatisfy { $1 > $0 && $1 - $0 < 0.06 }
            && zip(presentation, presentation.dropFirst()).allSatisfy { $1 > $0 && $1 - $0 < 0.06 }
    }
}
