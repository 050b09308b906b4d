import Bytes
import FoundationEssentials
import LocalBackend
import StreamingCore
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct DirectorySegmentStoreTests {
    private let folder: TemporaryDirectory
    private let root: String
    private let stream = StreamID(at: WallTime(unixMilliseconds: 0))

    init() throws {
        folder = try TemporaryDirectory()
        root = folder.url.path + "/data/segments"
    }

    private func name(_ path: String) -> SegmentName { SegmentName(stream: stream, path: path) }

    @Test func `what an earlier process left is deleted, what others put there is not`() async throws {
        func earlier() async throws {
            let store = try await DirectorySegmentStore.open(at: root)
            try await store.put([[1]], under: name("source/segment-1.m4s"))
        }
        try await earlier()
        try Data("mine".utf8).write(to: URL(filePath: root + "/notes.txt"))
        #expect(FileManager.default.fileExists(atPath: root + "/\(stream)/source/segment-1.m4s"))
        let store = try await DirectorySegmentStore.open(at: root)
        #expect(!FileManager.default.fileExists(atPath: root + "/\(stream)"))
        #expect(FileManager.default.fileExists(atPath: root + "/notes.txt"))
        #expect(try await store.get(name("source/segment-1.m4s")) == nil)
    }

    @Test func `two processes cannot use one folder`() async throws {
        let store = try await DirectorySegmentStore.open(at: root)
        let failure = await #expect(throws: StreamError.self) { try await DirectorySegmentStore.open(at: root) }
        guard case .conflict = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        try await store.put([[1]], under: name("a"))
    }

    @Test func `names are checked in every call`() async throws {
        let store = try await DirectorySegmentStore.open(at: root)
        try Data("secret".utf8).write(to: folder.url.appending(path: "secret"))
        let bad = name("../../../secret")
        await #expect(throws: StreamError.self) { try await store.put([[1]], under: bad) }
        await #expect(throws: StreamError.self) { try await store.get(bad) }
        await store.remove([bad])
        #expect(FileManager.default.fileExists(atPath: folder.url.path + "/secret"))
    }

    @Test func `a folder that cannot be used is refused with the reason`() async throws {
        try Data().write(to: folder.url.appending(path: "file"))
        let failure = await #expect(throws: StreamError.self) {
            try await DirectorySegmentStore.open(at: folder.url.path + "/file/segments")
        }
        guard case .database(let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(reason.contains("/file/segments cannot be made"))
    }

    @Test func `half a segment is never seen, and leaves nothing behind`() async throws {
        let store = try await DirectorySegmentStore.open(at: root)
        let content = Bytes([UInt8](repeating: 9, count: 500_000))
        try await withThrowingTaskGroup { group in
            group.addTask {
                for number in 0..<20 { try await store.put([content, content], under: name("s/\(number)")) }
            }
            group.addTask {
                for number in 0..<20 {
                    for _ in 0..<10 {
                        guard let found = try await store.get(name("s/\(number)")) else { continue }
                        #expect(found.reduce(0) { $0 + $1.count } == 1_000_000)
                    }
                }
            }
            try await group.waitForAll()
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: root + "/\(stream)/s")
        #expect(Set(files) == Set((0..<20).map { "\($0)" }))
    }
}
