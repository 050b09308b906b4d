import Bytes

// A document with a session is the shared document with the name of the session in the addresses of further documents:
//
//   master     720p/playlist.m3u8                        720p/playlist.m3u8?session=NAME
//              ...,URI="audio/playlist.m3u8"             ...,URI="audio/playlist.m3u8?session=NAME"
//   media      ...REPORT:URI="../audio/playlist.m3u8"... the same
//   manifest   <MPD ...>                                 <MPD ...><Location>manifest.mpd?session=NAME</Location>
//
// Addresses of segments, parts and initialisation segments stay as they are: a cache has them once for all viewers.

/// Puts the name of a session into the addresses of documents.
enum SessionAddresses {
    /// - Parameters:
    ///   - playlist: As everybody gets it.
    ///   - name: One that `ViewerCaller.isName` accepts.
    static func playlist(_ playlist: [Bytes], naming name: String) -> Bytes {
        var writer = ByteWriter(capacity: playlist.reduce(512) { $0 + $1.count })
        for line in lines(of: playlist) {
            if line.first(where: { _ in true }) == UInt8(ascii: "#") {
                writeTag(line, name, &writer)
            } else {
                writer.write(line)
                if line.hasSuffix(".m3u8") { write(name, "?", &writer) }
            }
            writer.write(UInt8(ascii: "\n"))
        }
        return writer.finish()
    }

    /// The query of the request leads back to the same form of the manifest.
    static func manifest(_ manifest: [Bytes], naming name: String) -> Bytes {
        let whole = joined(manifest)
        let root = whole.range(of: "<MPD")
        guard let root, let end = whole.firstIndex(of: UInt8(ascii: ">"), from: root.upperBound),
            // What is over is not asked for again.
            whole[root.lowerBound..<end].range(of: "\"dynamic\"") != nil
        else { return whole }
        var writer = ByteWriter(capacity: whole.count + 128)
        writer.write(whole[0..<end + 1])
        writer.write(utf8: "<Location>manifest.mpd")
        write(name, "?", &writer)
        writer.write(utf8: "</Location>")
        writer.write(whole.dropFirst(end + 1))
        return writer.finish()
    }

    /// The addresses in a tag are in quotes, and only those of playlists end so.
    private static func writeTag(_ line: Bytes, _ name: String, _ writer: inout ByteWriter) {
        guard let found = line.range(of: ".m3u8\"") else { return writer.write(line) }
        writer.write(line[0..<found.upperBound - 1])
        write(name, "?", &writer)
        writer.write(line.dropFirst(found.upperBound - 1))
    }

    private static func write(_ name: String, _ mark: String, _ writer: inout ByteWriter) {
        writer.write(utf8: mark)
        writer.write(utf8: ViewerCaller.parameterName)
        writer.write(UInt8(ascii: "="))
        writer.write(utf8: name)
    }

    private static func lines(of buffers: [Bytes]) -> [Bytes] {
        let whole = joined(buffers)
        var lines: [Bytes] = []
        var start = 0
        while start < whole.count {
            let end = whole.firstIndex(of: UInt8(ascii: "\n"), from: start) ?? whole.count
            lines.append(whole[start..<end])
            start = end + 1
        }
        return lines
    }

    private static func joined(_ buffers: [Bytes]) -> Bytes {
        if buffers.count == 1 { return buffers[0] }
        var writer = ByteWriter(capacity: buffers.reduce(0) { $0 + $1.count })
        for buffer in buffers { writer.write(buffer) }
        return writer.finish()
    }
}

extension Bytes {
    fileprivate func hasSuffix(_ text: String) -> Bool {
        let suffix = text.utf8Span.span
        guard count >= suffix.count else { return false }
        for index in suffix.indices where self[count - suffix.count + index] != suffix[index] { return false }
        return true
    }

    /// Where a text stands first.
    fileprivate func range(of text: String) -> Range<Int>? {
        let wanted = text.utf8Span.span
        var start = 0
        while let found = firstIndex(of: wanted[0], from: start), found + wanted.count <= count {
            var length = 1
            while length < wanted.count, self[found + length] == wanted[length] { length += 1 }
            if length == wanted.count { return found..<found + length }
            start = found + 1
        }
        return nil
    }
}
