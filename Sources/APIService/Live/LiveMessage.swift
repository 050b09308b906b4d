import Bytes
import FoundationEssentials
import StreamingCore

/// A message to pages that are open, as JSON: what kind it is, of which stream, and when.
///
/// ```
/// {"version":1,"type":"metrics","stream":"01a2…","at":"2026-11-23T09:14:01.000Z","data":{…}}
/// ```
/// It is written once for all who are connected. `version` rises when a reader of the one before would misunderstand;
/// members may be added without that.
struct LiveMessage<Content: Encodable>: Encodable {
    static var version: Int { 1 }

    let type: LiveMessageType
    /// `nil` of messages that are about all streams.
    let stream: StreamID?
    let at: WallTime
    let data: Content

    private enum Member: CodingKey { case version, type, stream, at, data }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(Self.version, forKey: .version)
        try members.encode(type.rawValue, forKey: .type)
        try members.encode(stream?.description, forKey: .stream)
        try members.encode(at.description, forKey: .at)
        try members.encode(data, forKey: .data)
    }

    /// UTF-8 text.
    var encoded: Bytes {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The documents are made of strings and numbers that are finite: every one of them can be written.
        guard let data = try? encoder.encode(self) else { preconditionFailure("a message cannot be written") }
        return Bytes(Array(data))
    }
}

/// The kinds of ``LiveMessage``.
enum LiveMessageType: String {
    /// The state of a stream has changed.
    case status
    /// Another second has passed.
    case metrics
    /// What a stream can be watched in has changed.
    case quality
    /// Something that people should know.
    case notice
    /// All streams on air, each second; for those with a token.
    case overview
    /// Something is wrong with a stream, or is not any more; for those with a token.
    case alert
}

/// What `status` has.
struct StatusData: Encodable {
    /// A state of ``StreamState``, or `deleted`.
    let state: String
    let title: String?
    let startedAt: WallTime?
    let endedAt: WallTime?

    private enum Member: String, CodingKey {
        case state, title
        case startedAt = "started_at"
        case endedAt = "ended_at"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(state, forKey: .state)
        try members.encode(title, forKey: .title)
        try members.encode(startedAt?.description, forKey: .startedAt)
        try members.encode(endedAt?.description, forKey: .endedAt)
    }
}

/// What `metrics` has: the second, and the score of the stream.
struct MetricsData: Encodable {
    let metrics: StreamMetrics
    let health: StreamHealth

    private enum Member: CodingKey { case health }
    private enum Score: CodingKey { case score, grade }

    func encode(to encoder: any Encoder) throws {
        try MetricsMembers(metrics: metrics).encode(to: encoder)
        var members = encoder.container(keyedBy: Member.self)
        var score = members.nestedContainer(keyedBy: Score.self, forKey: .health)
        try score.encode(health.score, forKey: .score)
        try score.encode(health.grade.rawValue, forKey: .grade)
    }
}

/// What `notice` and `alert` have.
struct NoticeData: Encodable {
    enum Level: String {
        case info, warning, error
    }

    /// For programs; `recovered` when `of` is over.
    let code: String
    let of: String?
    let level: Level
    /// For people.
    let text: String

    private enum Member: CodingKey { case code, of, level, text }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(code, forKey: .code)
        try members.encode(of, forKey: .of)
        try members.encode(level.rawValue, forKey: .level)
        try members.encode(text, forKey: .text)
    }
}

extension NoticeData {
    init(_ change: AlertWatch.Change) {
        switch change {
        case .began(let deduction): self.init(deduction)
        case .ended(let code):
            let name = code.rawValue.split(separator: "_").joined(separator: " ")
            self.init(code: "recovered", of: code.rawValue, level: .info, text: "Over: \(name).")
        }
    }

    init(_ deduction: StreamHealth.Deduction) {
        self.init(
            code: deduction.code.rawValue, of: nil, level: deduction.points >= 20 ? .error : .warning,
            text: deduction.reason)
    }
}

/// What `overview` has.
struct OverviewData: Encodable {
    let streams: [Item]

    struct Item: Encodable {
        let id: StreamID
        let status: StatusData
        let metrics: MetricsData?

        private enum Member: CodingKey { case id }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: Member.self)
            try members.encode(id.description, forKey: .id)
            try status.encode(to: encoder)
            try metrics?.encode(to: encoder)
        }
    }
}
