internal import Bytes
internal import Media
internal import StreamingCore

/// The places of fields and branches in the schema that is written; see `schemas/stream-event.avsc`.
private enum Place {
    static let id = 0, stream = 1, at = 2, traceparent = 3, kind = 4
    static let started = 0, interrupted = 1, resumed = 2, ended = 3, deleted = 4, keyRevoked = 5, renditions = 6
    static let refused = 7, failed = 8
}

extension AvroSchema {
    /// Writes an event with the newest schema, which this must be.
    func encode(
        _ event: StreamEvent, traceparent: String? = nil, after header: Bytes
    ) throws(AvroFailure) -> Bytes {
        try encode(after: header) { record throws(AvroFailure) in
            try record.field(Place.id).set(event.id.description)
            try record.field(Place.stream).set(event.streamID.description)
            try record.field(Place.at).set(event.at.unixMilliseconds)
            try record.field(Place.traceparent).set(optional: traceparent)
            try event.kind.write(to: try record.field(Place.kind))
        }
    }

    /// Reads an event that was written with this schema; `nil` when it is of a kind that this version does not know.
    func decodeEvent(_ bytes: Bytes) throws(AvroFailure) -> StreamEvent? {
        try decode(bytes) { record throws(AvroFailure) -> StreamEvent? in
            guard let id = record["id"]?.identifier, let stream = record["stream"]?.identifier,
                let at = record["at"]?.integer, let kind = record["kind"]
            else { throw .unusableField("id, stream, at or kind") }
            guard let known = try StreamEvent.Kind(kind) else { return nil }
            return StreamEvent(id: id, streamID: stream, at: WallTime(unixMilliseconds: at), kind: known)
        }
    }
}

extension AvroValue {
    fileprivate var identifier: UUIDv7? { text.flatMap { UUIDv7($0) } }
}

extension StreamEvent.Kind {
    fileprivate func write(to union: AvroValue) throws(AvroFailure) {
        switch self {
        case .started: _ = try union.branch(Place.started)
        case .interrupted: _ = try union.branch(Place.interrupted)
        case .resumed: _ = try union.branch(Place.resumed)
        case .ended(let reason): try union.branch(Place.ended).field(0).set(reason.rawValue)
        case .deleted: _ = try union.branch(Place.deleted)
        case .keyRevoked(let key): try union.branch(Place.keyRevoked).field(0).set(key.description)
        case .renditionsChanged(let report): try report.write(to: try union.branch(Place.renditions))
        case .transcodingRefused(let reason): try union.branch(Place.refused).field(0).set(reason)
        case .transcodingFailed(let rendition, let reason):
            let record = try union.branch(Place.failed)
            try record.field(0).set(optional: rendition)
            try record.field(1).set(reason)
        }
    }

    /// Reads a kind; `nil` when this version does not know it, or not all that it says.
    fileprivate init?(_ value: AvroValue) throws(AvroFailure) {
        switch value.typeName {
        case "Started": self = .started
        case "Interrupted": self = .interrupted
        case "Resumed": self = .resumed
        case "Ended":
            guard let reason = value["reason"]?.text else { throw .unusableField("reason") }
            guard let known = StreamEvent.EndReason(rawValue: reason) else { return nil }
            self = .ended(known)
        case "Deleted": self = .deleted
        case "KeyRevoked":
            guard let key = value["key"]?.identifier else { throw .unusableField("key") }
            self = .keyRevoked(keyID: key)
        case "RenditionsChanged": self = .renditionsChanged(try LadderReport(value))
        case "TranscodingRefused": self = .transcodingRefused(reason: value["reason"]?.text ?? "")
        case "TranscodingFailed":
            self = .transcodingFailed(rendition: value["rendition"]?.text, reason: value["reason"]?.text ?? "")
        default: return nil
        }
    }
}

extension LadderReport {
    fileprivate func write(to record: AvroValue) throws(AvroFailure) {
        let list = try record.field(0)
        for rendition in renditions { try rendition.write(to: try list.append()) }
        try record.field(1).set(optional: copyRefusal)
        try record.field(2).setOptional(degradation != nil) { value throws(AvroFailure) in
            guard let degradation else { return }
            let shed = try value.field(0)
            for name in degradation.shedRenditions { try shed.append().set(name) }
            try value.field(1).set(degradation.reason)
        }
        try record.field(3).set(optional: preset)
        try record.field(4).setOptional(realTimeFactor != nil) { value throws(AvroFailure) in
            try value.set(realTimeFactor ?? 0)
        }
        try record.field(5).set(lagMilliseconds)
    }

    fileprivate init(_ record: AvroValue) throws(AvroFailure) {
        guard let list = record["renditions"]?.items else { throw .unusableField("renditions") }
        var renditions: [Rendition] = []
        for item in list { renditions.append(try Rendition(item)) }
        self.init(
            renditions: renditions, copyRefusal: record["copy_refusal"]?.text,
            degradation: record["degradation"].map { degradation in
                Degradation(
                    shedRenditions: degradation["shed_renditions"]?.items?.compactMap(\.text) ?? [],
                    reason: degradation["reason"]?.text ?? "")
            },
            preset: record["preset"]?.text, realTimeFactor: record["real_time_factor"]?.double,
            lagMilliseconds: record["lag_milliseconds"]?.integer ?? 0)
    }
}

extension LadderReport.Rendition {
    fileprivate func write(to record: AvroValue) throws(AvroFailure) {
        try record.field(0).set(name)
        try record.field(1).set(Int32(clamping: width ?? 0))
        try record.field(2).set(Int32(clamping: height ?? 0))
        try record.field(3).set(Int64(frameRate?.numerator ?? 0))
        try record.field(4).set(Int64(frameRate?.denominator ?? 1))
        try record.field(5).set(Int64(bitsPerSecond))
        let encoder: String? = if case .encode(let encoder) = mode { encoder } else { nil }
        try record.field(6).set(optional: encoder)
    }

    fileprivate init(_ record: AvroValue) throws(AvroFailure) {
        guard let name = record["name"]?.text else { throw .unusableField("name") }
        let width = Int(record["width"]?.integer ?? 0)
        let height = Int(record["height"]?.integer ?? 0)
        let numerator = UInt32(clamping: record["rate_numerator"]?.integer ?? 0)
        let denominator = UInt32(clamping: record["rate_denominator"]?.integer ?? 1)
        self.init(
            name: name, size: width > 0 && height > 0 ? PictureSize(width: width, height: height) : nil,
            frameRate: Ratio(numerator, denominator), bitsPerSecond: Int(record["bits_per_second"]?.integer ?? 0),
            mode: record["encoder"]?.text.map { .encode(encoder: $0) } ?? .copy)
    }
}
