import Bytes
import HTTP

// {"session": "…", "startup_ms": 812, "stalls": 2, "stalled_ms": 640, "buffer_ms": 1900, "leaving": true}

/// What a page tells of its player. Sums count from the session's beginning.
struct ViewerBeacon: Equatable {
    /// Why a body is no beacon.
    enum Failure: Error, Equatable {
        /// It is no JSON object of plain values.
        case malformed
        /// A member has a value that no player has.
        case outOfRange(member: String)
    }

    var session: String?
    var startupMilliseconds: Int64?
    var stalls: Int64?
    var stalledMilliseconds: Int64?
    var bufferMilliseconds: Int64?
    var isLeaving = false

    /// Players start within ten minutes, or never.
    static let startupMax: Int64 = 600_000
    static let stallsMax: Int64 = 1_000_000
    /// A week.
    static let stalledMax: Int64 = 604_800_000
    /// No player has more in reserve than an hour.
    static let bufferMax: Int64 = 3_600_000

    init() {}

    init(_ body: Bytes) throws(Failure) {
        guard let members = (try? JSONValue(reading: body))?.object,
            members.names.count <= ViewerLimits.beaconMembersMax
        else { throw .malformed }
        for name in members.names {
            guard let value = members[name], value.isPlain else { throw .malformed }
            switch name {
            case "session":
                guard let text = value.text, 1...ViewerLimits.nameBytesMax ~= text.utf8.count,
                    text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 })
                else { throw .outOfRange(member: name) }
                session = text
            case "startup_ms": startupMilliseconds = try Self.number(value, name, max: Self.startupMax)
            case "stalls": stalls = try Self.number(value, name, max: Self.stallsMax)
            case "stalled_ms": stalledMilliseconds = try Self.number(value, name, max: Self.stalledMax)
            case "buffer_ms": bufferMilliseconds = try Self.number(value, name, max: Self.bufferMax)
            case "leaving":
                guard let flag = value.boolean else { throw .outOfRange(member: name) }
                isLeaving = flag
            // Pages may tell more than we know of.
            default: continue
            }
        }
    }

    /// A number that is not negative; `nil` for `null`, which pages send for what they do not know.
    private static func number(_ value: JSONValue, _ name: String, max: Int64) throws(Failure) -> Int64? {
        if value == .null { return nil }
        guard let number = value.number, 0...Double(max) ~= number else { throw .outOfRange(member: name) }
        return Int64(number.rounded())
    }

    /// Takes what is new. Sums never fall, and the first word about the start is the last.
    mutating func merge(_ news: ViewerBeacon) {
        startupMilliseconds = startupMilliseconds ?? news.startupMilliseconds
        stalls = news.stalls.map { max($0, stalls ?? 0) } ?? stalls
        stalledMilliseconds = news.stalledMilliseconds.map { max($0, stalledMilliseconds ?? 0) } ?? stalledMilliseconds
        bufferMilliseconds = news.bufferMilliseconds ?? bufferMilliseconds
        isLeaving = news.isLeaving
    }
}

extension JSONValue {
    /// The longest number that a page writes, in bytes.
    private static var numberBytesMax: Int { 32 }

    /// A number that a `Double` has.
    fileprivate var number: Double? {
        guard case .number(let text) = self, text.utf8.count <= Self.numberBytesMax, let number = Double(text),
            number.isFinite
        else { return nil }
        return number
    }

    /// Whether it is no list, no object and no number beyond all bounds.
    fileprivate var isPlain: Bool {
        switch self {
        case .null, .boolean, .string: true
        case .number: number != nil
        case .array, .object: false
        }
    }
}
