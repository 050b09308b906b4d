public import Bytes
import Media

// Checkpoint, version 1; integers in network byte order, `?` behind a byte that is 1 when there is a value
//
// version 8 | origin | run | leader ? name | leads 8 | absent: count 8, renditions | encoder discontinuity 64
// announced part ms ? 32
// boundary: time 64 | segmenter | video ? opening | audio ? opening | followers: count 8, each name, opening
// joining position ? 64
//
// segmenter: target ms 64 | number 64 | start 64 | target duration ? 32 | anchor 64 | line 64 | last key frame ? 64
// opening: decode time 64 | time 64 | shift 64 | decode delay 64 | last duration 64 | position 64

extension Packager.Checkpoint {
    static let version: UInt8 = 1

    /// The checkpoint as a record, to be kept beside the place in the frame log.
    public var encoded: Bytes {
        var writer = ByteWriter(capacity: 512)
        writer.write(Self.version)
        origin.write(to: &writer)
        run.write(to: &writer)
        writer.write(optional: leader) { $0.write(name: $1) }
        writer.write(leads ? 1 as UInt8 : 0)
        writer.write(UInt8(absent.count))
        for rendition in absent { rendition.write(to: &writer) }
        writer.write(Int64(encoderDiscontinuity))
        writer.write(optional: announcedPartMilliseconds) { $0.write(UInt32($1)) }
        writer.write(boundary.time)
        boundary.segmenter.write(to: &writer)
        writer.write(optional: boundary.video) { $1.write(to: &$0) }
        writer.write(optional: boundary.audio) { $1.write(to: &$0) }
        writer.write(UInt8(boundary.followers.count))
        for (name, opening) in boundary.followers.sorted(by: { $0.key < $1.key }) {
            writer.write(name: name)
            opening.write(to: &writer)
        }
        writer.write(optional: joiningPosition) { $0.write($1) }
        return writer.finish()
    }

    /// Reads a record.
    public init(decoding record: Bytes) throws(RecordFailure) {
        do {
            var reader = ByteReader(record)
            let version = try reader.readUInt8()
            guard version == Self.version else { throw RecordFailure.unknownVersion(version) }
            self = try Self(from: &reader)
            guard reader.isAtEnd else { throw RecordFailure.trailingBytes(reader.remaining) }
        } catch let failure as RecordFailure {
            throw failure
        } catch {
            throw .truncated
        }
    }

    private init(from reader: inout ByteReader) throws {
        origin = try BroadcastOrigin(from: &reader)
        let run = try Run(from: &reader)
        self.run = run
        leader = try reader.readOptional("checkpoint.leader") { reader in
            let name = try reader.readName()
            guard run.rendition(named: name)?.kind == .video else { throw RecordFailure.illegalName }
            return name
        }
        leads = try reader.readFlags("checkpoint.leads", max: 1) == 1
        absent = try (0..<reader.readUInt8()).map { _ in try Rendition(from: &reader) }
        encoderDiscontinuity = Int(try reader.readInteger("checkpoint.discontinuity"))
        announcedPartMilliseconds = try reader.readOptional("checkpoint.part") { reader in
            Int64(try reader.readInteger32("checkpoint.part", in: RecordFailure.partMilliseconds))
        }
        let time = try reader.readInteger("checkpoint.time")
        let segmenter = try Segmenter(from: &reader)
        let video = try reader.readOptional("checkpoint.video") { try TrackPackager.Opening(from: &$0) }
        let audio = try reader.readOptional("checkpoint.audio") { try TrackPackager.Opening(from: &$0) }
        var followers: [String: TrackPackager.Opening] = [:]
        for _ in 0..<(try reader.readUInt8()) {
            let name = try reader.readName()
            followers[name] = try TrackPackager.Opening(from: &reader)
        }
        boundary = RunPackager.Boundary(
            time: time, segmenter: segmenter, video: video, audio: audio, followers: followers)
        joiningPosition = try reader.readOptional("checkpoint.joining") { try $0.readInteger("checkpoint.joining") }
    }
}

extension Segmenter {
    func write(to writer: inout ByteWriter) {
        writer.write(targetMilliseconds)
        writer.write(number)
        writer.write(start)
        writer.write(optional: targetDurationSeconds) { $0.write(UInt32($1)) }
        writer.write(anchor)
        writer.write(line)
        writer.write(optional: lastKeyframe) { $0.write($1) }
    }

    init(from reader: inout ByteReader) throws {
        let target = try reader.readInteger("segmenter.target")
        guard Packager.Configuration.segmentMillisecondsRange ~= target else {
            throw RecordFailure.valueOutOfRange(field: "segmenter.target", value: target)
        }
        self.init(targetMilliseconds: target, firstNumber: try reader.readInteger("segmenter.number"))
        start = try reader.readInteger("segmenter.start")
        targetDurationSeconds = try reader.readOptional("segmenter.duration") { reader in
            try reader.readInteger32("segmenter.duration", in: 1...3600)
        }
        anchor = try reader.readInteger("segmenter.anchor")
        line = try reader.readInteger("segmenter.line")
        lastKeyframe = try reader.readOptional("segmenter.keyframe") { try $0.readInteger("segmenter.keyframe") }
        // A grid that lies elsewhere would overflow the arithmetic with it.
        guard anchor <= start, line <= (start - anchor) / target + 1 else {
            throw RecordFailure.valueOutOfRange(field: "segmenter.line", value: line)
        }
    }
}

extension TrackPackager.Opening {
    func write(to writer: inout ByteWriter) {
        for value in [decodeTime, time, shift, decodeDelay, lastDuration, position] { writer.write(value) }
    }

    init(from reader: inout ByteReader) throws {
        self.init(
            decodeTime: try reader.readInteger("opening.decodeTime"), time: try reader.readInteger("opening.time"),
            shift: try reader.readSignedInteger("opening.shift"),
            decodeDelay: try reader.readInteger("opening.decodeDelay"),
            lastDuration: try reader.readInteger("opening.duration"),
            position: try reader.readInteger("opening.position"))
    }
}
