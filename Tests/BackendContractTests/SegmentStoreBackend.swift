import FoundationEssentials
import LocalBackend
import RedisBackend
import S3Backend
import StreamingCore
import TestKit
import Testing

/// An implementation of ``SegmentStore`` that the contract is run on. A new one is one more line in `all`.
struct SegmentStoreBackend: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Calls its argument with an empty store.
    let withStore: @Sendable (@Sendable (any SegmentStore) async throws -> Void) async throws -> Void

    static let all = [
        SegmentStoreBackend(testDescription: "memory") { body in
            try await body(MemorySegmentStore(bytesMax: 1 << 30))
        },
        SegmentStoreBackend(testDescription: "directory") { body in
            let folder = try TemporaryDirectory()
            try await body(DirectorySegmentStore.open(at: folder.url.path + "/segments"))
        },
        SegmentStoreBackend(testDescription: "Redis") { body in
            let server = try await RedisServer()
            try await body(RedisSegmentStore(RedisPool(RedisSettings(url: Secret(server.url)))))
        },
        SegmentStoreBackend(testDescription: "S3") { body in
            let server = try await S3Server.shared()
            let store = S3SegmentStore(
                try S3Settings(
                    endpoint: server.endpoint, bucket: "contract-\(UInt32.random(in: 0 ... .max))",
                    accessKey: S3Server.accessKey, secretKey: Secret(S3Server.secretKey)))
            try await store.prepare(retentionDays: nil)
            try await body(store)
        },
        tiered("tiered, all in memory", memoryBytesMax: 1 << 30),
        tiered("tiered, some in memory", memoryBytesMax: 3000),
        tiered("tiered, nothing in memory", memoryBytesMax: 0),
    ]

    private static func tiered(_ name: String, memoryBytesMax: Int) -> SegmentStoreBackend {
        SegmentStoreBackend(testDescription: name) { body in
            let folder = try TemporaryDirectory()
            let directory = try await DirectorySegmentStore.open(at: folder.url.path + "/segments")
            let store = TieredSegmentStore(memoryBytesMax: memoryBytesMax, over: directory)
            try await withThrowingTaskGroup { group in
                group.addTask { await store.run() }
                try await body(store)
                group.cancelAll()
            }
        }
    }
}
