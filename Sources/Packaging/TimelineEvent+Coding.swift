public import Bytes
import Media

// Timeline event, version 1; integers in network byte order, text behind an 8-bit length
//
// +---------+--------+-----------------------------------------------------------------------------------------+
// | version | kind   | began:    unix ms 64 | first segment 64 | first discontinuity 64                         |
// | 8, is 1 | 8      | run:      number 64 | discontinuity 64 | ordinal 32 | start ms 64 | count 8 | renditions |
// +---------+--------+   each:   name | epoch 64 | codec 8: 1 AVC, 2 AAC | length 32, avcC or AudioSpecificConfig |
//                    | targets:  seconds 32 | part ms 32                                                        |
//                    | part:     name | segment 64 | number 16 | timescale 32 | start 64 | duration 64 | bytes 32 |
//                    |           flags 8: 1 independent, 2 last of its segment                                 |
//                    | segment:  name | number 64 | run 64 | timescale 32 | start 64 | duration 64 | bytes 64    |
//                    |           frames 32 | parts 16 | key frame bytes 32 | delay 64 |                         |
//                    |           flags 8: 1 independent, 2 gap                                                 |
//                    | thumbnail: segment 64                                                                   |
//                    | span:     segment 64 | run 64 | start ms 64 | count 8 | names                           |
//                    | interrupted, ended: nothing                                                             |
//                    +-----------------------------------------------------------------------------------------+

extension TimelineEvent {
    static let version: UInt8 = 1

    private enum Kind: UInt8 {
        case began = 1
        case run, targets, part, segment, interrupted, ended, thumbnail, span
    }

    /// The event as a record of the timeline log.
    public var encoded: Bytes {
        var writer = ByteWriter(capacity: 96)
        writer.write(Self.version)
        writer.write(kind.rawValue)
        switch self {
        case .began(let origin): origin.write(to: &writer)
        case .run(let run): run.write(to: &writer)
        case .targets(let targets):
            writer.write(UInt32(targets.durationSeconds))
            writer.write(UInt32(targets.partMilliseconds))
        case .part(let part): part.write(to: &writer)
        case .segment(let segment): segment.write(to: &writer)
        case .thumbnail(let number): writer.write(number)
        case .span(let span): span.write(to: &writer)
        case .interrupted, .ended: break
        }
        return writer.finish()
    }

    private var kind: Kind {
        switch self {
        case .began: .began
        case .run: .run
        case .targets: .targets
        case .part: .part
        case .segment: .segment
        case .interrupted: .interrupted
        case .ended: .ended
        case .thumbnail: .thumbnail
        case .span: .span
        }
    }

    /// Reads a record of the timeline log.
    public init(decoding record: Bytes) throws(RecordFailure) {
        do {
            var reader = ByteReader(record)
            let version = try reader.readUInt8()
            guard version == Self.version else { throw RecordFailure.unknownVersion(version) }
            let kind = try reader.readUInt8()
            switch Kind(rawValue: kind) {
            case .began: self = .began(try BroadcastOrigin(from: &reader))
            case .run: self = .run(try Run(from: &reader))
            case .targets:
                self = .targets(
                    Targets(
                        durationSeconds: try reader.readInteger32("targets.duration", in: 1...3600),
                        partMilliseconds: try reader.readInteger32("targets.part", in: RecordFailure.partMilliseconds)))
            case .part: self = .part(try Part(from: &reader))
            case .segment: self = .segment(try Segment(from: &reader))
            case .interrupted: self = .interrupted
            case .ended: self = .ended
            case .thumbnail: self = .thumbnail(try reader.readInteger("thumbnail.number"))
            case .span: self = .span(try LiveWindow.Span(from: &reader))
            case nil: throw RecordFailure.unknownKind(kind)
            }
            guard reader.isAtEnd else { throw RecordFailure.trailingBytes(reader.remaining) }
        } catch let failure as RecordFailure {
            throw failure
        } catch {
            throw .truncated
        }
    }
}

extension LiveWindow.Span {
    func write(to writer: inout ByteWriter) {
        writer.write(number)
        writer.write(run)
        writer.write(startMilliseconds)
        writer.write(UInt8(renditions.count))
        for name in renditions { writer.write(name: name) }
    }

    init(from reader: inout ByteReader) throws {
        let number = try reader.readInteger("span.number")
        let run = try reader.readInteger("span.run")
        let startMilliseconds = try reader.readInteger("span.start")
        let count = try reader.readUInt8()
        guard count <= Run.renditionsMax else {
            throw RecordFailure.valueOutOfRange(field: "span.renditions", value: Int64(count))
        }
        self.init(
            number: number, run: run, startMilliseconds: startMilliseconds,
            renditions: try (0..<count).map { _ in try reader.readName() })
    }
}

extension BroadcastOrigin {
    func write(to writer: inout ByteWriter) {
        writer.write(unixMilliseconds)
        writer.write(firstSegmentNumber)
        writer.write(Int64(firstDiscontinuitySequence))
    }

    init(from reader: inout ByteReader) throws {
        self.init(
            unixMilliseconds: try reader.readInteger("began.time"),
            firstSegmentNumber: try reader.readInteger("began.segment"),
            firstDiscontinuitySequence: Int(try reader.readInteger("began.discontinuity")))
    }
}

extension Run {
    func write(to writer: inout ByteWriter) {
        writer.write(number)
        writer.write(Int64(discontinuitySequence))
        writer.write(UInt32(ordinal))
        writer.write(startMilliseconds)
        writer.write(UInt8(renditions.count))
        for rendition in renditions { rendition.write(to: &writer) }
    }

    init(from reader: inout ByteReader) throws {
        let number = try reader.readInteger("run.number")
        let discontinuitySequence = Int(try reader.readInteger("run.discontinuity"))
        let ordinal = try reader.readInteger32("run.ordinal", in: 0...Int(Int32.max))
        let startMilliseconds = try reader.readInteger("run.start")
        let count = Int(try reader.readUInt8())
        guard 1...Run.renditionsMax ~= count else {
            throw RecordFailure.valueOutOfRange(field: "run.renditions", value: Int64(count))
        }
        var renditions: [Rendition] = []
        for _ in 0..<count {
            let rendition = try Rendition(from: &reader)
            guard !renditions.contains(where: { $0.name == rendition.name }) else {
                throw RecordFailure.illegalName
            }
            renditions.append(rendition)
        }
        self.init(
            number: number, discontinuitySequence: discontinuitySequence, ordinal: ordinal,
            startMilliseconds: startMilliseconds, renditions: renditions)
    }
}

extension Rendition {
    func write(to writer: inout ByteWriter) {
        writer.write(name: name)
        writer.write(epoch)
        let (codec, configuration): (UInt8, Bytes) =
            switch track.configuration {
            case .avc(let avc): (1, avc.decoderConfigurationRecord)
            case .aac(let aac): (2, aac.specificConfig)
            }
        writer.write(codec)
        // `AVCLimits.parameterSetBytesTotalMax` leaves no room for the fields around the sets.
        writer.write(UInt32(configuration.count))
        writer.write(configuration)
    }

    init(from reader: inout ByteReader) throws {
        let name = try reader.readName()
        let epoch = try reader.readInteger("rendition.epoch")
        let codec = try reader.readUInt8()
        let length = try reader.readInteger32("rendition.configuration", in: 1...70_000)
        let configuration = try reader.readBytes(length)
        do {
            switch codec {
            case 1:
                let record = try AVCDecoderConfigurationRecord(configuration)
                self.init(name: name, epoch: epoch, track: Track(.avc(try AVCConfiguration(record: record))))
            case 2:
                let aac = try AACConfiguration(specificConfig: configuration)
                self.init(name: name, epoch: epoch, track: Track(.aac(aac)))
            default: throw RecordFailure.configuration
            }
        } catch {
            throw RecordFailure.configuration
        }
    }
}

extension Part {
    func write(to writer: inout ByteWriter) {
        writer.write(name: rendition)
        writer.write(segmentNumber)
        writer.write(UInt16(number))
        writer.write(timescale)
        writer.write(start)
        writer.write(duration)
        writer.write(UInt32(byteCount))
        writer.write((isIndependent ? 1 as UInt8 : 0) | (endsSegment ? 2 : 0))
    }

    init(from reader: inout ByteReader) throws {
        self.init(
            rendition: try reader.readName(), segmentNumber: try reader.readInteger("part.segment"),
            number: try reader.readInteger16("part.number", in: 0...Part.countPerSegmentMax - 1),
            timescale: Int32(try reader.readInteger32("part.timescale", in: RecordFailure.timescales)),
            start: try reader.readInteger("part.start"), duration: try reader.readInteger("part.duration"),
            byteCount: try reader.readInteger32("part.bytes", in: 0...Int(Int32.max)), isIndependent: false)
        let flags = try reader.readFlags("part.flags", max: 3)
        isIndependent = flags & 1 == 1
        endsSegment = flags & 2 == 2
    }
}

extension Segment {
    func write(to writer: inout ByteWriter) {
        writer.write(name: rendition)
        writer.write(number)
        writer.write(run)
        writer.write(timescale)
        writer.write(start)
        writer.write(duration)
        writer.write(Int64(byteCount))
        writer.write(UInt32(frameCount))
        writer.write(UInt16(partCount))
        writer.write(UInt32(keyframeByteCount))
        writer.write(decodeDelay)
        writer.write((isIndependent ? 1 as UInt8 : 0) | (isGap ? 2 : 0))
    }

    init(from reader: inout ByteReader) throws {
        self.init(
            rendition: try reader.readName(), number: try reader.readInteger("segment.number"),
            run: try reader.readInteger("segment.run"),
            timescale: Int32(try reader.readInteger32("segment.timescale", in: RecordFailure.timescales)),
            start: try reader.readInteger("segment.start"), duration: try reader.readInteger("segment.duration"),
            byteCount: Int(try reader.readInteger("segment.bytes", max: RecordFailure.segmentBytesMax)),
            frameCount: try reader.readInteger32("segment.frames", in: 0...CMAFReader.samplesMax),
            partCount: try reader.readInteger16("segment.parts", in: 0...Part.countPerSegmentMax),
            keyframeByteCount: try reader.readInteger32("segment.keyframe", in: 0...Int(Int32.max)),
            decodeDelay: try reader.readInteger("segment.delay"))
        let flags = try reader.readFlags("segment.flags", max: 3)
        isIndependent = flags & 1 == 1
        isGap = flags & 2 == 2
        guard run <= number else { throw RecordFailure.valueOutOfRange(field: "segment.run", value: run) }
    }
}
