public import Bytes
import FoundationEssentials
import Glibc
public import StreamingCore

/// Segments as files under one folder, which one process uses at a time.
///
/// Timelines live in memory in this version, so what an earlier process left cannot be played and is deleted when the
/// store is opened. The folder grows until segments are removed; whoever keeps the DVR window does that.
public final class DirectorySegmentStore: SegmentStore {
    private let root: String
    private let threads: FileThreads
    /// Held open, and locked, as long as the store lives.
    private let lock: SegmentFile

    /// Makes the folder where it is missing, and deletes the streams that are in it.
    ///
    /// - Throws: ``StreamError/database(reason:)`` when the folder cannot be used, ``StreamError/conflict(reason:)``
    ///   when another process uses it.
    public static func open(at root: String) async throws(StreamError) -> DirectorySegmentStore {
        let threads = FileThreads()
        return try await threads.run(for: StreamID(at: WallTime(unixMilliseconds: 0))) { () throws(StreamError) in
            try DirectorySegmentStore(root, threads)
        }
    }

    /// Blocks.
    private init(_ root: String, _ threads: FileThreads) throws(StreamError) {
        try Self.makeFolder(root)
        guard let lock = try SegmentFile(opening: root + "/.lock", flags: O_RDWR | O_CREAT) else {
            throw .database(reason: "\(root) vanished")
        }
        try lock.lock()
        self.root = root
        self.threads = threads
        self.lock = lock
        try deleteStreams()
    }

    @discardableResult
    public func put(_ buffers: [Bytes], under name: SegmentName) async throws(StreamError) -> [Bytes] {
        let path = try SegmentPath(root: root, name: name)
        try await threads.run(for: name.stream) { () throws(StreamError) in
            try Self.write(buffers, to: path)
        }
        return buffers
    }

    public func get(_ name: SegmentName) async throws(StreamError) -> [Bytes]? {
        let path = try SegmentPath(root: root, name: name)
        return try await threads.run(for: name.stream) { () throws(StreamError) in
            guard let file = try SegmentFile(opening: path.file, flags: O_RDONLY) else { return nil }
            return [try file.readAll()]
        }
    }

    public func remove(_ names: [SegmentName]) async {
        for (stream, names) in Dictionary(grouping: names, by: \.stream) {
            // A name that cannot be a path was never stored.
            let files = names.compactMap { try? SegmentPath(root: root, name: $0).file }
            await threads.run(for: stream) {
                for file in files { _ = unsafe unlink(file) }
            }
        }
    }

    public func removeAll(of stream: StreamID) async {
        let folder = root + "/" + stream.description
        // What cannot be deleted now is deleted when the store is opened again.
        await threads.run(for: stream) { _ = try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Writes beside the name and renames, so that a reader never sees half a segment.
    private static func write(_ buffers: [Bytes], to path: SegmentPath) throws(StreamError) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        var opened = try SegmentFile(opening: path.partialFile, flags: flags)
        if opened == nil {
            try makeFolder(path.folder)
            opened = try SegmentFile(opening: path.partialFile, flags: flags)
        }
        guard let file = opened.take() else { throw .database(reason: "\(path.folder) vanished") }
        do throws(StreamError) {
            try file.write(buffers)
            guard unsafe rename(path.partialFile, path.file) == 0 else {
                throw SegmentFile.failure("cannot be renamed", path.partialFile)
            }
        } catch {
            _ = unsafe unlink(path.partialFile)
            throw error
        }
    }

    private static func makeFolder(_ path: String) throws(StreamError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .database(reason: "\(path) cannot be made: \(error)")
        }
    }

    /// Deletes what an earlier process left: folders named like a stream, and nothing that somebody else put there.
    private func deleteStreams() throws(StreamError) {
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: root) where StreamID(name) != nil {
                try FileManager.default.removeItem(atPath: root + "/" + name)
            }
        } catch {
            throw .database(reason: "\(root) cannot be emptied: \(error)")
        }
    }
}
