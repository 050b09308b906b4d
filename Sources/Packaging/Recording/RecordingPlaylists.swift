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
// and the same under the names that the broadcast keeps when the next one takes these, see RecordingNames.
// All addresses are relative, so that the folder plays from wherever it can be read.

/// A text to store under a name within the stream.
public struct RecordingDocument: Sendable, Hashable {
    /// The store key within the stream, and the tail of its URL.
    public let name: String
    /// UTF-8.
    public let bytes: Bytes
}

/// What is written of a recording.
public struct RenderedRecording: Sendable, Hashable {
    /// In the order in which they are to be stored, so that none leads to one that is not there yet, and the last
    /// broadcast's give way last.
    public let documents: [RecordingDocument]
    /// For a list of recordings.
    public let outline: RecordingOutline
}

/// Renders the playlists of a recording.
public enum RecordingPlaylists {
    /// Takes about 1.5 µs for each segment of each rendition, half a second for two days of five renditions, and while
    /// it runs 250 bytes beside the text: not on an event loop.
    ///
    /// - Returns: `nil` where there is nothing to play.
    public static func render(_ recording: Recording) -> RenderedRecording? {
        guard let number = recording.number, let window = recording.makeWindow(), let targets = window.targets,
            let masterWindow = recording.makeMasterWindow(window),
            let outline = RecordingOutline(masterWindow, number: number)
        else { return nil }
        let allNames = [RecordingNames.numbered(number), .newest]
        var documents: [RecordingDocument] = []
        for offered in masterWindow.renditions {
            guard let rendition = window.rendition(named: offered.name) else { continue }
            let playlist = mediaPlaylist(rendition, window, targets)
            let keyframes = IFramePlaylist.render(window, rendition: rendition.name)
            for names in allNames {
                documents.append(RecordingDocument(name: names.playlist(of: rendition.name), bytes: playlist))
                guard let keyframes else { continue }
                documents.append(RecordingDocument(name: names.keyframes(of: rendition.name), bytes: keyframes))
            }
        }
        let manifest = DASHManifest.render(window, timeAddress: nil)
        for names in allNames {
            if let master = MasterPlaylist.render(masterWindow, names: names) {
                documents.append(RecordingDocument(name: names.master, bytes: master))
            }
            if let manifest { documents.append(RecordingDocument(name: names.manifest, bytes: manifest)) }
        }
        return RenderedRecording(documents: documents, outline: outline)
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
