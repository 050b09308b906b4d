public import Bytes

// Stream report, version 1; integers in network byte order, text behind an 8-bit length in bytes
//
// +---------+--------+------------+----------+
// | version | kind 8 | instance   | at ms 64 |
// | 8, is 1 |        | text       |          |
// +---------+--------+------------+----------+
// kind 1, source:   bits/s 64 | pictures/s in thousandths 32 | keyframe interval ms 32, all ones: not known
//                   | usual bits/s 64 | audio drift ms 64, signed | repairs 64 | arrival delay ms 64, signed
// kind 2, audience: bytes sent 64 | silence ms 32 | count 16 | sessions
//   each session:   id 128 | flags 8: 1 DASH, 2 leaving, 4 start-up known, 8 buffer known
//                   | first seen ms 64 | last seen ms 64 | bytes 64 | stalls 32 | stalled ms 64
//                   | [start-up ms 32] | [buffer ms 32] | count 8 | picks
//   each pick:      segment 64 | rendition text

/// Why a record of the report log is none of ours.
public enum StreamReportFailure: Error, Sendable, Equatable {
    /// It ends in the middle of something.
    case truncated
    case unknownVersion(UInt8)
    case unknownKind(UInt8)
    /// A number or a count that no report has.
    case outOfRange(field: String, value: Int64)
    /// A text that is no UTF-8 or longer than it may be.
    case illegalText(field: String)
    /// So many bytes stand behind what was understood.
    case trailingBytes(Int)
}

extension StreamReport {
    static let version: UInt8 = 1

    private enum Kind: UInt8 {
        case source = 1
        case audience
    }

    /// The longest name of a process, in bytes; what is longer is cut.
    public static let instanceBytesMax = 128

    /// The report as a record of the report log.
    ///
    /// What a record cannot hold is cut to what it can: sessions beyond ``AudienceReport/sessionsMax``, picks beyond
    /// ``SessionShare/picksMax``, numbers below zero where none are.
    public var encoded: Bytes {
        var writer = ByteWriter(capacity: 128)
        writer.write(Self.version)
        switch self {
        case .source(let report):
            writer.write(Kind.source.rawValue)
            report.write(to: &writer)
        case .audience(let report):
            writer.write(Kind.audience.rawValue)
            report.write(to: &writer)
        }
        return writer.finish()
    }

    /// Reads a record of the report log.
    public init(decoding record: Bytes) throws(StreamReportFailure) {
        do {
            var reader = ByteReader(record)
            let version = try reader.readUInt8()
            guard version == Self.version else { throw StreamReportFailure.unknownVersion(version) }
            let kind = try reader.readUInt8()
            switch Kind(rawValue: kind) {
            case .source: self = .source(try SourceReport(from: &reader))
            case .audience: self = .audience(try AudienceReport(from: &reader))
            case nil: throw StreamReportFailure.unknownKind(kind)
            }
            guard reader.isAtEnd else { throw StreamReportFailure.trailingBytes(reader.remaining) }
        } catch let failure as StreamReportFailure {
            throw failure
        } catch {
            // A read past the end is all that is left.
            throw .truncated
        }
    }
}

extension SourceReport {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(text: instance, bytesMax: StreamReport.instanceBytesMax)
        writer.write(number: at.unixMilliseconds)
        writer.write(number: bitsPerSecond)
        let thousandths = (health.picturesPerSecond * 1000).rounded()
        writer.write(UInt32(thousandths.isFinite ? min(max(0, thousandths), 4_000_000) : 0))
        writer.write(optional: health.keyframeIntervalMilliseconds)
        writer.write(number: health.usualBitsPerSecond)
        writer.write(signed: health.audioDriftMilliseconds)
        writer.write(number: health.timestampRepairs)
        writer.write(signed: health.arrivalDelayMilliseconds)
    }

    fileprivate init(from reader: inout ByteReader) throws {
        let instance = try reader.readText("instance", bytesMax: StreamReport.instanceBytesMax)
        let at = WallTime(unixMilliseconds: try reader.readNumber("at"))
        let bitsPerSecond = try reader.readNumber("bits")
        let thousandths = try reader.readUInt32()
        guard thousandths <= 4_000_000 else {
            throw StreamReportFailure.outOfRange(field: "pictures", value: Int64(thousandths))
        }
        let keyframes = try reader.readOptional()
        self.init(
            instance: instance, at: at, bitsPerSecond: bitsPerSecond,
            health: SourceHealth(
                picturesPerSecond: Double(thousandths) / 1000, keyframeIntervalMilliseconds: keyframes,
                usualBitsPerSecond: try reader.readNumber("usual"),
                audioDriftMilliseconds: try reader.readSigned("drift"),
                timestampRepairs: try reader.readNumber("repairs"),
                arrivalDelayMilliseconds: try reader.readSigned("delay")))
    }
}

extension AudienceReport {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(text: instance, bytesMax: StreamReport.instanceBytesMax)
        writer.write(number: at.unixMilliseconds)
        writer.write(number: bytesSent)
        writer.write(UInt32(clamping: silenceMilliseconds))
        let sessions = sessions.prefix(Self.sessionsMax)
        writer.write(UInt16(sessions.count))
        for session in sessions { session.write(to: &writer) }
    }

    fileprivate init(from reader: inout ByteReader) throws {
        let instance = try reader.readText("instance", bytesMax: StreamReport.instanceBytesMax)
        let at = WallTime(unixMilliseconds: try reader.readNumber("at"))
        let bytesSent = try reader.readNumber("bytes")
        let silence = Int64(try reader.readUInt32())
        let count = Int(try reader.readUInt16())
        guard count <= Self.sessionsMax else {
            throw StreamReportFailure.outOfRange(field: "sessions", value: Int64(count))
        }
        var sessions: [SessionShare] = []
        for _ in 0..<count { sessions.append(try SessionShare(from: &reader)) }
        self.init(
            instance: instance, at: at, bytesSent: bytesSent, silenceMilliseconds: silence, sessions: sessions)
    }
}

extension SessionShare {
    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let dash = Flags(rawValue: 1)
        static let leaving = Flags(rawValue: 2)
        static let startup = Flags(rawValue: 4)
        static let buffer = Flags(rawValue: 8)
    }

    /// The longest name of a rendition in a pick, in bytes.
    public static let renditionBytesMax = 64

    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(id.high)
        writer.write(id.low)
        var flags: Flags = streamingProtocol == .dash ? .dash : []
        if isLeaving { flags.insert(.leaving) }
        if startupMilliseconds != nil { flags.insert(.startup) }
        if bufferMilliseconds != nil { flags.insert(.buffer) }
        writer.write(flags.rawValue)
        writer.write(number: firstSeenAt.unixMilliseconds)
        writer.write(number: lastSeenAt.unixMilliseconds)
        writer.write(number: bytesSent)
        writer.write(UInt32(clamping: stalls))
        writer.write(number: stalledMilliseconds)
        if let startupMilliseconds { writer.write(UInt32(clamping: startupMilliseconds)) }
        if let bufferMilliseconds { writer.write(UInt32(clamping: bufferMilliseconds)) }
        let picks = picks.suffix(Self.picksMax)
        writer.write(UInt8(picks.count))
        for pick in picks {
            writer.write(number: pick.segmentNumber)
            writer.write(text: pick.rendition, bytesMax: Self.renditionBytesMax)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws {
        let id = ViewerSessionID(high: try reader.readUInt64(), low: try reader.readUInt64())
        let bits = try reader.readUInt8()
        guard bits < 16 else { throw StreamReportFailure.outOfRange(field: "flags", value: Int64(bits)) }
        let flags = Flags(rawValue: bits)
        self.init(
            id: id, streamingProtocol: flags.contains(.dash) ? .dash : .hls,
            firstSeenAt: WallTime(unixMilliseconds: try reader.readNumber("first")),
            lastSeenAt: WallTime(unixMilliseconds: try reader.readNumber("last")),
            bytesSent: try reader.readNumber("session.bytes"), stalls: Int64(try reader.readUInt32()),
            stalledMilliseconds: try reader.readNumber("stalled"),
            startupMilliseconds: flags.contains(.startup) ? Int64(try reader.readUInt32()) : nil,
            bufferMilliseconds: flags.contains(.buffer) ? Int64(try reader.readUInt32()) : nil,
            picks: try Self.readPicks(&reader), isLeaving: flags.contains(.leaving))
    }

    private static func readPicks(_ reader: inout ByteReader) throws -> [Pick] {
        let count = Int(try reader.readUInt8())
        guard count <= picksMax else { throw StreamReportFailure.outOfRange(field: "picks", value: Int64(count)) }
        var picks: [Pick] = []
        for _ in 0..<count {
            picks.append(
                Pick(
                    segmentNumber: try reader.readNumber("segment"),
                    rendition: try reader.readText("rendition", bytesMax: renditionBytesMax)))
        }
        return picks
    }
}

extension ByteWriter {
    /// A number that is not negative.
    fileprivate mutating func write(number: Int64) { write(min(max(0, number), ByteReader.numberMax)) }

    /// A number that may be below zero.
    fileprivate mutating func write(signed number: Int64) {
        write(min(max(-ByteReader.numberMax, number), ByteReader.numberMax))
    }

    /// A number that may not be known, below 2³² - 1.
    fileprivate mutating func write(optional number: Int64?) {
        write(number.map { UInt32(clamping: min($0, Int64(UInt32.max) - 1)) } ?? .max as UInt32)
    }

    /// Text behind its length; what is too long is cut between characters.
    fileprivate mutating func write(text: String, bytesMax: Int) {
        var text = text
        while text.utf8.count > bytesMax { text.removeLast() }
        write(UInt8(text.utf8.count))
        write(utf8: text)
    }
}

extension ByteReader {
    /// How far a number may be from zero: far above all that is measured, and far below an overflow of sums.
    fileprivate static var numberMax: Int64 { 1 << 53 }

    fileprivate mutating func readNumber(_ field: String) throws -> Int64 {
        let value = Int64(bitPattern: try readUInt64())
        guard 0...Self.numberMax ~= value else {
            throw StreamReportFailure.outOfRange(field: field, value: value)
        }
        return value
    }

    fileprivate mutating func readSigned(_ field: String) throws -> Int64 {
        let value = Int64(bitPattern: try readUInt64())
        guard -Self.numberMax...Self.numberMax ~= value else {
            throw StreamReportFailure.outOfRange(field: field, value: value)
        }
        return value
    }

    fileprivate mutating func readOptional() throws -> Int64? {
        let value = try readUInt32()
        return value == .max ? nil : Int64(value)
    }

    fileprivate mutating func readText(_ field: String, bytesMax: Int) throws -> String {
        let count = Int(try readUInt8())
        guard count <= bytesMax, let text = String(validating: try readBytes(count), as: UTF8.self) else {
            throw StreamReportFailure.illegalText(field: field)
        }
        return text
    }
}
