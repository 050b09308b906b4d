internal import Bytes
internal import Media

// A record of `stream-frames`. Its key is the stream's id as text. Integers are big-endian. The header stands in the
// value and not in Kafka's own headers, which some brokers and tools drop.
//
// +-----------+---------+----------+----------------+----------------+
// | version 8 | kind 8  | flags 16 | fence 64       | entry 64       |
// +-----------+---------+----------+----------------+----------------+
// | trace context, with flag 0x08: trace id 128, parent id 64, trace flags 8 (W3C Trace Context, version 00)    |
// +----------------------------------------+----------------------------------------+-------------------------+
// | origin, of a beginning and with 0x04:  Unix milliseconds 64 | first segment 64 | first discontinuity 64   |
// +-------------------------------------------------------------+------------------+--------------------------+
// | frames: decode time 64 | composition offset 32 | discontinuity 64 | received, Unix milliseconds 64         |
// +------------------------+-----------------------+------------------+---------------------------------------+
// | codec, with 0x02: length 32, then a CodecForm                                                             |
// +-----------------------------------------------------------------------------------------------------------+
// | payload, to the end of the record                                                                         |
// +-----------------------------------------------------------------------------------------------------------+
//
// kind: 0 a broadcast begins, 1 frame, 2 interrupted, 3 ended
// flags: 0x01 keyframe, 0x02 codec, 0x04 origin, 0x08 trace context, 0x10 audio, 0x20 the broadcast has video

/// One entry of a stream's log, as it stands in Kafka.
struct FrameRecord {
    static let version: UInt8 = 1

    enum Content {
        case began(BroadcastOrigin)
        case frame(FrameFields)
        case interrupted
        case ended
    }

    /// A frame without its track, which is known only where a codec stands.
    struct FrameFields {
        var kind: MediaKind
        var decodeTime: Int64
        var compositionOffset: Int32
        var isKeyframe: Bool
        var discontinuitySequence: Int
        var receivedUnixMilliseconds: Int64
        /// With keyframes, with all audio, and wherever it changes.
        var codec: CodecForm?
        /// The broadcast's, with what decoding can start at: who missed the beginning has it again.
        var origin: BroadcastOrigin?
        /// Whether the broadcast has had video so far: then decoding starts at its keyframes alone.
        var broadcastHasVideo: Bool
        /// Not empty.
        var payload: Bytes
    }

    /// The writer's: that of its broadcast's origin. Not negative.
    var fence: Int64
    /// Counts the writer's entries from 0, also those that never got here.
    var entry: Int64
    var traceContext: TraceContext?
    var content: Content

    var position: Int64 { FrameLogPosition.position(fence: fence, entry: entry) }
}

/// What ties a record to the operation that made it (W3C Trace Context, `traceparent` of version 00).
struct TraceContext: Equatable, Sendable {
    /// 16 bytes.
    var trace: Bytes
    /// 8 bytes.
    var parent: Bytes
    var flags: UInt8

    static let traceBytes = 16
    static let parentBytes = 8
}

/// Why a record of the frame log cannot be used.
enum FrameRecordFailure: Error, Equatable {
    case truncated
    case unknownVersion(UInt8)
    case unknownKind(UInt8)
    /// A number outside of its range.
    case outOfRange(String, Int64)
    /// A frame without a payload.
    case noPayload
}

extension FrameRecord {
    fileprivate struct Flags: OptionSet {
        let rawValue: UInt16
        static let keyframe = Flags(rawValue: 0x01)
        static let codec = Flags(rawValue: 0x02)
        static let origin = Flags(rawValue: 0x04)
        static let trace = Flags(rawValue: 0x08)
        static let audio = Flags(rawValue: 0x10)
        static let hasVideo = Flags(rawValue: 0x20)
    }

    private static let headerBytes = 20
    private static let frameBytes = 28
    private static let originBytes = 24

    /// The record's value: the one copy of the payload between the encoder's connection and librdkafka.
    var encoded: Bytes {
        switch content {
        case .began(let origin):
            var writer = header(kind: 0, [.origin], capacity: Self.headerBytes + 25 + Self.originBytes)
            Self.write(origin, to: &writer)
            return writer.finish()
        case .frame(let frame): return encoded(frame)
        case .interrupted: return header(kind: 2, [], capacity: Self.headerBytes + 25).finish()
        case .ended: return header(kind: 3, [], capacity: Self.headerBytes + 25).finish()
        }
    }

    private func encoded(_ frame: FrameFields) -> Bytes {
        var flags: Flags = []
        if frame.isKeyframe { flags.insert(.keyframe) }
        if frame.codec != nil { flags.insert(.codec) }
        if frame.origin != nil { flags.insert(.origin) }
        if frame.kind == .audio { flags.insert(.audio) }
        if frame.broadcastHasVideo { flags.insert(.hasVideo) }
        let codec = frame.codec?.bytes
        let capacity =
            Self.headerBytes + 25 + Self.originBytes + Self.frameBytes + 4 + (codec?.count ?? 0) + frame.payload.count
        var writer = header(kind: 1, flags, capacity: capacity)
        if let origin = frame.origin { Self.write(origin, to: &writer) }
        writer.write(frame.decodeTime)
        writer.write(frame.compositionOffset)
        writer.write(Int64(frame.discontinuitySequence))
        writer.write(frame.receivedUnixMilliseconds)
        if let codec {
            writer.write(UInt32(codec.count))
            writer.write(codec)
        }
        writer.write(frame.payload)
        return writer.finish()
    }

    private func header(kind: UInt8, _ flags: Flags, capacity: Int) -> ByteWriter {
        var writer = ByteWriter(capacity: capacity)
        writer.write(Self.version)
        writer.write(kind)
        writer.write((traceContext == nil ? flags : flags.union(.trace)).rawValue)
        writer.write(fence)
        writer.write(entry)
        if let traceContext {
            writer.write(traceContext.trace)
            writer.write(traceContext.parent)
            writer.write(traceContext.flags)
        }
        return writer
    }

    private static func write(_ origin: BroadcastOrigin, to writer: inout ByteWriter) {
        writer.write(origin.unixMilliseconds)
        writer.write(origin.firstSegmentNumber)
        writer.write(Int64(origin.firstDiscontinuitySequence))
    }
}

extension FrameRecord {
    /// Reads a record's value, which may be anything.
    init(_ value: Bytes) throws(FrameRecordFailure) {
        do {
            var reader = ByteReader(value)
            let version = try reader.readUInt8()
            guard version == Self.version else { throw FrameRecordFailure.unknownVersion(version) }
            let kind = try reader.readUInt8()
            let flags = Flags(rawValue: try reader.readUInt16())
            fence = try reader.readInteger("fence", in: 0...FrameLogPosition.fenceMax)
            entry = try reader.readInteger("entry", in: 0...FrameLogPosition.entryMax)
            if flags.contains(.trace) {
                traceContext = TraceContext(
                    trace: try reader.readBytes(TraceContext.traceBytes),
                    parent: try reader.readBytes(TraceContext.parentBytes), flags: try reader.readUInt8())
            }
            let origin = flags.contains(.origin) ? try Self.readOrigin(&reader) : nil
            switch kind {
            case 0:
                guard let origin else { throw FrameRecordFailure.truncated }
                content = .began(origin)
            case 1: content = .frame(try Self.readFrame(&reader, flags, origin))
            case 2: content = .interrupted
            case 3: content = .ended
            default: throw FrameRecordFailure.unknownKind(kind)
            }
        } catch let failure as FrameRecordFailure {
            throw failure
        } catch {
            throw .truncated
        }
    }

    private static func readOrigin(_ reader: inout ByteReader) throws -> BroadcastOrigin {
        BroadcastOrigin(
            unixMilliseconds: Int64(bitPattern: try reader.readUInt64()),
            firstSegmentNumber: try reader.readInteger("segment", in: 0...FrameLogPosition.fenceMax),
            firstDiscontinuitySequence: Int(try reader.readInteger("discontinuity", in: 0...Int64(Int32.max))))
    }

    private static func readFrame(
        _ reader: inout ByteReader, _ flags: Flags, _ origin: BroadcastOrigin?
    ) throws -> FrameFields {
        let kind: MediaKind = flags.contains(.audio) ? .audio : .video
        // A quarter of the range: sums and differences of times cannot overflow.
        let decodeTime = try reader.readInteger("decode time", in: 0...Int64.max / 4)
        let compositionOffset = Int32(bitPattern: try reader.readUInt32())
        let discontinuity = Int(try reader.readInteger("discontinuity", in: 0...Int64(Int32.max)))
        let received = Int64(bitPattern: try reader.readUInt64())
        var codec: CodecForm?
        if flags.contains(.codec) { codec = CodecForm(bytes: try reader.readBytes(Int(try reader.readUInt32()))) }
        guard !reader.isAtEnd else { throw FrameRecordFailure.noPayload }
        return FrameFields(
            kind: kind, decodeTime: decodeTime, compositionOffset: compositionOffset,
            isKeyframe: flags.contains(.keyframe), discontinuitySequence: discontinuity,
            receivedUnixMilliseconds: received, codec: codec, origin: origin,
            broadcastHasVideo: flags.contains(.hasVideo), payload: reader.rest)
    }
}

extension ByteReader {
    fileprivate mutating func readInteger(_ name: String, in range: ClosedRange<Int64>) throws -> Int64 {
        let value = Int64(bitPattern: try readUInt64())
        guard range ~= value else { throw FrameRecordFailure.outOfRange(name, value) }
        return value
    }
}
