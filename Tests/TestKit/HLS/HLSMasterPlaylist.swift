/// What a multivariant playlist says.
public struct HLSMasterPlaylist: Sendable {
    public struct Variant: Sendable, Hashable {
        public let address: String
        /// The attributes of its `EXT-X-STREAM-INF`, as they are written.
        public let attributes: [String: String]
    }

    public internal(set) var version: Int?
    public internal(set) var variants: [Variant] = []
    /// The addresses of `EXT-X-MEDIA`.
    public internal(set) var media: [String] = []
    /// The addresses of `EXT-X-I-FRAME-STREAM-INF`.
    public internal(set) var keyframes: [String] = []

    /// The addresses of all media playlists that play at normal speed, each once.
    public var renditions: [String] { variants.map(\.address) + media }
}
