public import Bytes
import Media

// What is written beside the segments of a broadcast when it is over
//
// {stream}/master.m3u8                  leads to the renditions
// {stream}/source/playlist.m3u8         EXT-X-PLAYLIST-TYPE:VOD, every segment, EXT-X-ENDLIST
// {stream}/source/iframes.m3u8          the key frames
// {stream}/audio/playlist.m3u8
// {stream}/manifest.mpd                 static, a Period for each span
//
// All addresses are relative, so that the folder plays from wherever it can be read.

/// A text to store under a name within the stream.
public struct RecordingDocument: Sendable, Hashable {
    /// The store key within the stream, and the tail of its URL.
    public let name: String
    /// UTF-8.
    public let bytes: Bytes
}

/// Renders the playlists of a recording.
public enum RecordingPlaylists {
    /// The name that the recording is played by over HLS.
    public static let masterName = "master.m3u8"
    /// The name that the recording is played by over DASH.
    public static let manifestName = "manifest.mpd"

    /// Takes about 1.5 µs for each segment of each rendition, half a second for two days of five renditions, and while
    /// it runs 250 bytes beside the text: not on an event loop.
    ///
    /// - Returns: In the order in which they are to be stored, so that none leads to one that is not there yet. Nothing
    ///   at all where there is nothing to play.
    public static func render(_ recording: Recording) -> [RecordingDocument] {
        guard let window = recording.makeWindow(), let targets = window.targets,
            let masterWindow = recording.makeMasterWindow(window)
        else { return [] }
        var documents: [RecordingDocument] = []
        for offered in masterWindow.renditions {
            guard let rendition = window.rendition(named: offered.name) else { continue }
            let playlist = mediaPlaylist(rendition, window, targets)
            documents.append(RecordingDocument(name: "\(rendition.name)/playlist.m3u8", bytes: playlist))
            if let keyframes = IFramePlaylist.render(window, rendition: rendition.name) {
                documents.append(RecordingDocument(name: "\(rendition.name)/iframes.m3u8", bytes: keyframes))
            }
        }
        if let master = MasterPlaylist.render(masterWindow) {
            documents.append(RecordingDocument(name: masterName, bytes: master))
        }
        if let manifest = DASHManifest.render(window, timeAddress: nil) {
            documents.append(RecordingDocument(name: manifestName, bytes: manifest))
        }
        return documents
    }

    /// As the live playlist, without what is said to players that come again (RFC 8216bis, 4.4.3.5).
    private static func mediaPlaylist(
        _ rendition: LiveWindow.RenditionWindow, _ window: LiveWindow, _ targets: Targets
    ) -> Bytes {
        var writer = ByteWriter(capacity: 512 + rendition.entries.count * 96)
        writer.write(utf8: "#EXTM3U\n#EXT-X-VERSION:\(HLSContainer.fragmentedMP4.version)\n")
        if rendition.entries.allSatisfy(\.segment.isIndependent) {
            writer.write(utf8: "#EXT-X-INDEPENDENT-SEGMENTS\n")
        }
        writer.write(utf8: "#EXT-X-TARGETDURATION:\(targets.durationSeconds)\n#EXT-X-PLAYLIST-TYPE:VOD\n")
        var lines = SegmentLines(rendition: rendition, window: window, container: .fragmentedMP4, suffix: .none)
        if let first = rendition.entries.first { lines.writeSequence(of: first.segment, to: &writer) }
        for entry in rendition.entries { lines.write(entry, to: &writer) }
        writer.write(utf8: "#EXT-X-ENDLIST\n")
        return writer.finish()
    }
}
