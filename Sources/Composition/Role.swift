/// What a process does.
public struct Role: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Takes broadcasts from encoders.
    public static let ingest = Role(rawValue: 1)
    /// Makes renditions and packages them.
    public static let transcode = Role(rawValue: 2)
    /// Serves viewers.
    public static let delivery = Role(rawValue: 4)
    /// Owns streams and keys, and serves the pages.
    public static let api = Role(rawValue: 8)
    /// Everything in one process.
    public static let all: Role = [.ingest, .transcode, .delivery, .api]
}
