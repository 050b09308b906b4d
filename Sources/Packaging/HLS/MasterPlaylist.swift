public import Bytes
import Media

// Master playlist (RFC 8216, 4.3.4)
//
// #EXTM3U
// #EXT-X-VERSION:6
// #EXT-X-INDEPENDENT-SEGMENTS
// #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",...,URI="audio/playlist.m3u8"     before what refers to it
// #EXT-X-STREAM-INF:BANDWIDTH=...,CODECS="avc1.64001f,mp4a.40.2",...,AUDIO="audio"
// source/playlist.m3u8

/// Renders the playlist that leads to the renditions of a stream.
public enum MasterPlaylist {
    /// - Parameters:
    ///   - container: What the media playlists list.
    ///   - suffix: For the addresses of playlists.
    /// - Returns: `nil` until there is a finished segment of each rendition of a run, and while the first segment of a
    ///   kind that joins is not finished: players read this playlist once, and would stay without picture or sound.
    public static func render(
        _ window: LiveWindow, container: HLSContainer = .fragmentedMP4, suffix: AddressSuffix = .none
    ) -> Bytes? {
        guard let run = window.playableRun, !isKindJoining(run, in: window) else { return nil }
        let audio = run.rendition(of: .audio)
        let videos = run.renditions.filter { $0.kind == .video }
        var writer = ByteWriter(capacity: 512)
        writer.write(utf8: "#EXTM3U\n#EXT-X-VERSION:\(MediaPlaylist.version)\n")
        if window.isIndependent { writer.write(utf8: "#EXT-X-INDEPENDENT-SEGMENTS\n") }
        if let audio, !videos.isEmpty, container == .fragmentedMP4 {
            writeAudioGroup(audio, playlist: address(audio, container, suffix), &writer)
        }
        for variant in videos.isEmpty ? run.renditions : videos {
            let companion = variant.kind == .video ? audio : nil
            writeVariant(variant, with: companion, in: run, window, container, &writer)
            writer.write(utf8: "\(address(variant, container, suffix))\n")
        }
        return writer.finish()
    }

    private static func isKindJoining(_ playable: Run, in window: LiveWindow) -> Bool {
        window.runs.last?.renditions.contains { playable.rendition(of: $0.kind) == nil } ?? false
    }

    private static func address(_ rendition: Rendition, _ container: HLSContainer, _ suffix: AddressSuffix) -> String {
        switch container {
        case .fragmentedMP4: "\(rendition.name)/playlist.m3u8\(suffix.text)"
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
        if case .avc(let avc) = variant.track.configuration {
            writer.write(utf8: ",RESOLUTION=\(avc.displaySize.width)x\(avc.displaySize.height)")
            if let rate = window.rendition(named: variant.name)?.frameRate(in: run) {
                writer.write(utf8: ",FRAME-RATE=")
                writer.write(thousandthsOf: rate)
            }
        }
        if audio != nil, container == .fragmentedMP4 { writer.write(utf8: ",AUDIO=\"audio\"") }
        writer.write(utf8: "\n")
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
