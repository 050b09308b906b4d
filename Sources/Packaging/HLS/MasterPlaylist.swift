public import Bytes
import Media

// Multivariant playlist (RFC 8216bis, 4.4.6)
//
// #EXTM3U
// #EXT-X-VERSION:10
// #EXT-X-INDEPENDENT-SEGMENTS
// #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",...,URI="audio/playlist.m3u8"     before what refers to it
// #EXT-X-STREAM-INF:BANDWIDTH=...,CODECS="avc1.640028,mp4a.40.2",...,AUDIO="audio"
// 1080p/playlist.m3u8                                                        the highest quality first
// #EXT-X-STREAM-INF:...
// 720p/playlist.m3u8
// #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=...,URI="1080p/iframes.m3u8"
// ...

/// Renders the playlist that leads to the renditions of a stream.
public enum MasterPlaylist {
    /// The renditions that it leads to are those of the newest run in which all have a finished segment, without those
    /// that a newer run no longer has or that have nothing but gaps.
    ///
    /// - Parameters:
    ///   - container: What the media playlists list.
    ///   - suffix: For the addresses of playlists.
    ///   - names: Of the fragmented MP4 playlists that it leads to.
    /// - Returns: `nil` until there is a finished segment of each rendition of a run, and while the first segment of a
    ///   kind that joins is not finished: players read this playlist once, and would stay without picture or sound.
    public static func render(
        _ window: LiveWindow, container: HLSContainer = .fragmentedMP4, suffix: AddressSuffix = .none,
        names: RecordingNames = .newest
    ) -> Bytes? {
        guard let run = window.playableRun, !isKindJoining(run, in: window) else { return nil }
        let audio = run.rendition(of: .audio)
        let videos = offered(in: run, of: window)
        var writer = ByteWriter(capacity: 2048)
        writer.write(utf8: "#EXTM3U\n#EXT-X-VERSION:\(container.version)\n")
        if window.isIndependent { writer.write(utf8: "#EXT-X-INDEPENDENT-SEGMENTS\n") }
        if let audio, !videos.isEmpty, container == .fragmentedMP4 {
            writeAudioGroup(audio, playlist: address(audio, container, suffix, names), &writer)
        }
        for variant in videos.isEmpty ? run.renditions : videos {
            let companion = variant.kind == .video ? audio : nil
            writeVariant(variant, with: companion, in: run, window, container, &writer)
            writer.write(utf8: "\(address(variant, container, suffix, names))\n")
        }
        if container == .fragmentedMP4 {
            for video in videos { writeKeyframes(video, window, suffix, names, &writer) }
        }
        return writer.finish()
    }

    private static func isKindJoining(_ playable: Run, in window: LiveWindow) -> Bool {
        window.runs.last?.renditions.contains { playable.rendition(of: $0.kind) == nil } ?? false
    }

    /// Those of a run's video renditions that go on. When none does, nothing better is known than the run itself.
    static func offered(in run: Run, of window: LiveWindow) -> [Rendition] {
        let videos = run.renditions.filter { $0.kind == .video }
        let present = videos.filter { video in
            let newest = window.rendition(named: video.name)?.entries.reversed().lazy.map(\.segment)
            return newest?.prefix { $0.run >= run.number }.contains { $0.run == run.number && !$0.isGap } ?? false
        }
        let remaining = present.filter { window.runs.last?.rendition(named: $0.name) != nil }
        return !remaining.isEmpty ? remaining : !present.isEmpty ? present : videos
    }

    private static func address(
        _ rendition: Rendition, _ container: HLSContainer, _ suffix: AddressSuffix, _ names: RecordingNames
    ) -> String {
        switch container {
        case .fragmentedMP4: "\(names.playlist(of: rendition.name))\(suffix.text)"
        case .transportStream: "\(rendition.name)/playlist-ts.m3u8\(suffix.text)"
        }
    }

    private static func writeAudioGroup(_ audio: Rendition, playlist: String, _ writer: inout ByteWriter) {
        writer.write(utf8: "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio\",DEFAULT=YES,AUTOSELECT=YES")
        if case .aac(let aac) = audio.track.configuration {
            writer.write(utf8: ",CHANNELS=\"\(aac.channelCount)\"")
        }
        writer.write(utf8: ",URI=\"\(playlist)\"\n")
    }

    private static func writeVariant(
        _ variant: Rendition, with audio: Rendition?, in run: Run, _ window: LiveWindow, _ container: HLSContainer,
        _ writer: inout ByteWriter
    ) {
        let parts = [variant, audio].compactMap(\.self)
        let windows = parts.compactMap { window.rendition(named: $0.name) }
        let peak = windows.reduce(0) { $0 + $1.peakBitRate }
        let average = windows.reduce(0) { $0 + $1.averageBitRate }
        writer.write(utf8: "#EXT-X-STREAM-INF:BANDWIDTH=\(wireRate(peak, container))")
        writer.write(utf8: ",AVERAGE-BANDWIDTH=\(wireRate(average, container))")
        writer.write(utf8: ",CODECS=\"\(parts.map(\.track.codecString).joined(separator: ","))\"")
        writePicture(of: variant, &writer)
        if variant.kind == .video, let rate = window.rendition(named: variant.name)?.frameRate(in: run) {
            writer.write(utf8: ",FRAME-RATE=")
            writer.write(thousandthsOf: rate)
        }
        if audio != nil, container == .fragmentedMP4 { writer.write(utf8: ",AUDIO=\"audio\"") }
        // Otherwise some players offer captions that are not there.
        writer.write(utf8: variant.kind == .video ? ",CLOSED-CAPTIONS=NONE\n" : "\n")
    }

    /// The key frames of a rendition, for fast seeking.
    private static func writeKeyframes(
        _ video: Rendition, _ window: LiveWindow, _ suffix: AddressSuffix, _ names: RecordingNames,
        _ writer: inout ByteWriter
    ) {
        guard let rates = window.rendition(named: video.name)?.keyframeBitRates else { return }
        writer.write(utf8: "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=\(rates.peak),AVERAGE-BANDWIDTH=\(rates.average)")
        writer.write(utf8: ",CODECS=\"\(video.track.codecString)\"")
        writePicture(of: video, &writer)
        writer.write(utf8: ",URI=\"\(names.keyframes(of: video.name))\(suffix.text)\"\n")
    }

    private static func writePicture(of rendition: Rendition, _ writer: inout ByteWriter) {
        guard case .avc(let avc) = rendition.track.configuration else { return }
        writer.write(utf8: ",RESOLUTION=\(avc.displaySize.width)x\(avc.displaySize.height)")
        let range =
            switch avc.sequence.usability?.colour?.transfer {
            case 16: "PQ"
            case 18: "HLG"
            default: "SDR"
            }
        writer.write(utf8: ",VIDEO-RANGE=\(range)")
    }

    /// The bit rate on the wire. Segments are measured as CMAF; packet headers, stuffing and tables of a transport
    /// stream add less than 8% and 60 kbit/s to that.
    private static func wireRate(_ rate: Int64, _ container: HLSContainer) -> Int64 {
        switch container {
        case .fragmentedMP4: rate
        case .transportStream: rate + rate * 8 / 100 + 60_000
        }
    }
}
