public import Bytes
import FoundationEssentials

/// A broadcast that is over and can still be watched, as a list of recordings has it.
///
/// It is stored as JSON beside the recording's playlists, `{stream}/recording-{number}.json`:
/// ```
/// {"number":17,"started_at_ms":1795435200250,"duration_ms":5400000,"bytes":1200000000,
///  "renditions":[{"name":"720p","kind":"video","width":1280,"height":720,"bits_per_second":2800000},
///                {"name":"audio","kind":"audio","bits_per_second":128000}]}
/// ```
public struct RecordedBroadcast: Sendable, Hashable {
    /// What a player can choose, or plays with it.
    public struct Rendition: Sendable, Hashable, Codable {
        /// Whether it is seen or heard.
        public enum Kind: String, Sendable, Hashable, Codable {
            case video, audio
        }

        /// The folder of its segments.
        public let name: String
        public let kind: Kind
        /// Of a picture as it is shown; `nil` for sound.
        public let width: Int?
        public let height: Int?
        /// On average.
        public let bitsPerSecond: Int64

        public init(name: String, kind: Kind, width: Int?, height: Int?, bitsPerSecond: Int64) {
            self.name = name
            self.kind = kind
            self.width = width
            self.height = height
            self.bitsPerSecond = bitsPerSecond
        }

        private enum CodingKeys: String, CodingKey {
            case name, kind, width, height
            case bitsPerSecond = "bits_per_second"
        }
    }

    /// The number of its first segment: no other broadcast of the stream has it, and later ones have higher ones.
    public let number: Int64
    /// When its first picture or sound was made.
    public let startedAt: WallTime
    public let durationMilliseconds: Int64
    /// What its segments take in the store.
    public let byteCount: Int64
    /// The highest quality first, then sound.
    public let renditions: [Rendition]

    public init(
        number: Int64, startedAt: WallTime, durationMilliseconds: Int64, byteCount: Int64, renditions: [Rendition]
    ) {
        self.number = number
        self.startedAt = startedAt
        self.durationMilliseconds = durationMilliseconds
        self.byteCount = byteCount
        self.renditions = renditions
    }
}

// MARK: - In the store

extension RecordedBroadcast {
    /// Longer ones are refused unread.
    public static let bytesMax = 64 << 10
    /// What all names of this kind begin with, within the stream.
    public static let namePrefix = "recording-"
    private static let nameSuffix = ".json"
    /// The last millisecond of the year 9999.
    private static let unixMillisecondsMax: Int64 = 253_402_300_799_999

    /// The store key within the stream.
    public static func name(_ number: Int64) -> String { "\(namePrefix)\(number)\(nameSuffix)" }

    /// The number in a store key; `nil` for all other names.
    public static func number(inName name: String) -> Int64? {
        guard name.hasPrefix(namePrefix), name.hasSuffix(nameSuffix) else { return nil }
        return number(inText: String(name.dropFirst(namePrefix.count).dropLast(nameSuffix.count)))
    }

    /// A number as we write it: one to 18 digits, without a sign or a leading zero.
    public static func number(inText text: String) -> Int64? {
        guard let number = Int64(text), number >= 0, text.utf8.count <= 18, String(number) == text else { return nil }
        return number
    }

    /// As it is stored.
    public var encoded: Bytes {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Texts and whole numbers: all of it can be written.
        guard let data = try? encoder.encode(self) else { preconditionFailure("a recording cannot be written") }
        return Bytes(Array(data))
    }

    /// - Throws: ``StreamError/invalidValue(field:reason:)`` for what is none.
    public init(decoding bytes: Bytes) throws(StreamError) {
        guard bytes.count <= Self.bytesMax,
            let read = try? JSONDecoder().decode(RecordedBroadcast.self, from: Data(bytes.array))
        else { throw .invalidValue(field: "recording", reason: "is not what was stored") }
        guard read.number >= 0, 0...Self.unixMillisecondsMax ~= read.startedAt.unixMilliseconds,
            0...Self.unixMillisecondsMax ~= read.durationMilliseconds, read.byteCount >= 0
        else { throw .invalidValue(field: "recording", reason: "has numbers that nothing has") }
        self = read
    }
}

extension RecordedBroadcast: Codable {
    private enum CodingKeys: String, CodingKey {
        case number, renditions
        case startedAt = "started_at_ms"
        case duration = "duration_ms"
        case bytes
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        number = try members.decode(Int64.self, forKey: .number)
        startedAt = WallTime(unixMilliseconds: try members.decode(Int64.self, forKey: .startedAt))
        durationMilliseconds = try members.decode(Int64.self, forKey: .duration)
        byteCount = try members.decode(Int64.self, forKey: .bytes)
        renditions = try members.decode([Rendition].self, forKey: .renditions)
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(number, forKey: .number)
        try members.encode(startedAt.unixMilliseconds, forKey: .startedAt)
        try members.encode(durationMilliseconds, forKey: .duration)
        try members.encode(byteCount, forKey: .bytes)
        try members.encode(renditions, forKey: .renditions)
    }
}
