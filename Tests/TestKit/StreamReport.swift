import Foundation

/// What the API tells an administrator of a stream.
public struct StreamReport: Decodable, Sendable {
    public struct Rendition: Decodable, Sendable {
        public let name: String
        public let kind: String
        public let height: Int?
        public let mode: String
    }

    public struct Transcoding: Decodable, Sendable {
        public let state: String
        public let degraded: Bool
        public let reason: String?
        public let copyRefusal: String?
        public let shedRenditions: [String]
        public let preset: String?
        public let lagMs: Int?
    }

    public let state: String
    public let renditions: [Rendition]
    public let transcoding: Transcoding?

    /// The names of the renditions with pictures, the highest first.
    public var pictures: [String] { renditions.filter { $0.kind == "video" }.map(\.name) }
    /// The names of those that are copies of the source.
    public var copies: [String] { renditions.filter { $0.kind == "video" && $0.mode == "copy" }.map(\.name) }
}

extension SluiceProcess {
    public func report(of stream: TestStream) async throws -> StreamReport {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(StreamReport.self, from: try await get("/streams/\(stream.id)").body)
    }
}
