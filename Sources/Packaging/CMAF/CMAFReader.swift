public import Bytes
public import Media

/// Why bytes cannot be read as the CMAF that this module writes.
public enum CMAFFailure: Error, Equatable, Sendable {
    /// A structure ends before all of its fields.
    case truncated
    /// A box announces a size smaller than its header or larger than what is left.
    case boxSize(Int, available: Int)
    /// A box of this kind is needed and is not there.
    case missing(String)
    /// A sample lies outside of the bytes.
    case sampleOutside(offset: Int, length: Int, available: Int)
    /// More samples than ``CMAFReader/samplesMax``.
    case tooManySamples(Int)
    /// A time that no segment of ours has.
    case timeOutOfRange
    /// A codec configuration that cannot be read.
    case configuration
}

/// Reads back what ``InitializationSegment`` and ``CMAFChunk`` write.
///
/// No general reader: it knows the boxes of this module, skips others, and trusts no length.
public enum CMAFReader {
    /// The most samples to read from one segment: 60 s of AAC at 96 kHz has 5,625.
    public static let samplesMax = 65_536
    /// The largest time to believe, in ticks: thousands of years.
    static let timeMax: Int64 = 1 << 53

    /// The samples of a segment or a part, in decode order; payloads share its memory.
    ///
    /// - Throws: ``CMAFFailure``.
    public static func samples(in segment: Bytes) throws(CMAFFailure) -> [CMAFSample] {
        do {
            var samples: [CMAFSample] = []
            var reader = ByteReader(segment)
            while let box = try BoxHeader.next(in: &reader) {
                guard box.type == "moof" else { continue }
                let data = segment.dropFirst(box.start)
                var traf = try descend(box.content, ["traf"])
                try readTrack(&traf, data: data, into: &samples)
            }
            return samples
        } catch let failure as CMAFFailure {
            throw failure
        } catch {
            throw .truncated
        }
    }

    /// The track that an initialisation segment describes.
    ///
    /// - Throws: ``CMAFFailure``.
    public static func track(in initialization: Bytes) throws(CMAFFailure) -> Track {
        do {
            var entries = try descend(initialization, ["moov", "trak", "mdia", "minf", "stbl", "stsd"])
            try entries.skip(8)  // version, flags, count
            guard let entry = try BoxHeader.next(in: &entries) else { throw CMAFFailure.missing("avc1") }
            switch entry.type {
            case "avc1":
                let record = try descend(entry.content.dropFirst(78), ["avcC"]).rest
                let avc = try AVCConfiguration(record: AVCDecoderConfigurationRecord(record))
                return Track(.avc(avc))
            case "mp4a":
                let descriptor = try descend(entry.content.dropFirst(28), ["esds"]).rest
                return Track(.aac(try AACConfiguration(specificConfig: specificConfig(in: descriptor))))
            default: throw CMAFFailure.configuration
            }
        } catch let failure as CMAFFailure {
            throw failure
        } catch is OutOfBytes {
            throw .truncated
        } catch {
            throw .configuration
        }
    }

    /// The content of the first box at the end of a path.
    private static func descend(_ content: Bytes, _ path: [FourCC]) throws -> ByteReader {
        var content = content
        for type in path {
            var reader = ByteReader(content)
            var found: Bytes?
            while found == nil, let box = try BoxHeader.next(in: &reader) {
                if box.type == type { found = box.content }
            }
            guard let found else { throw CMAFFailure.missing(type.characters) }
            content = found
        }
        return ByteReader(content)
    }

    private static func readTrack(
        _ traf: inout ByteReader, data: Bytes, into samples: inout [CMAFSample]
    ) throws {
        var decodeTime: Int64?
        while let box = try BoxHeader.next(in: &traf) {
            var reader = ByteReader(box.content)
            switch box.type {
            case "tfdt":
                let version = try reader.readUInt32() >> 24
                let time = version == 1 ? try reader.readUInt64() : UInt64(try reader.readUInt32())
                guard time <= UInt64(timeMax) else { throw CMAFFailure.timeOutOfRange }
                decodeTime = Int64(time)
            case "trun":
                guard var time = decodeTime else { throw CMAFFailure.missing("tfdt") }
                try readRun(&reader, decodeTime: &time, data: data, into: &samples)
                decodeTime = time
            default: break
            }
        }
    }

    private static func readRun(
        _ reader: inout ByteReader, decodeTime: inout Int64, data: Bytes, into samples: inout [CMAFSample]
    ) throws {
        let flags = try reader.readUInt32() & 0xFF_FFFF
        let count = Int(try reader.readUInt32())
        guard count <= samplesMax - samples.count else { throw CMAFFailure.tooManySamples(count) }
        guard flags == 0xF01 || flags == 0x301 else { throw CMAFFailure.missing("trun") }
        var offset = Int(Int32(bitPattern: try reader.readUInt32()))
        for _ in 0..<count {
            let duration = try reader.readUInt32()
            let length = Int(try reader.readUInt32())
            let sampleFlags = flags == 0xF01 ? try reader.readUInt32() : CMAFChunk.syncFlags
            let compositionOffset = flags == 0xF01 ? Int32(bitPattern: try reader.readUInt32()) : 0
            guard offset >= 0, length <= data.count, offset <= data.count - length else {
                throw CMAFFailure.sampleOutside(offset: offset, length: length, available: data.count)
            }
            samples.append(
                CMAFSample(
                    decodeTime: decodeTime, duration: duration, compositionOffset: compositionOffset,
                    isKeyframe: sampleFlags & 0x1_0000 == 0, payload: data[offset..<offset + length]))
            offset += length
            decodeTime += Int64(duration)
        }
    }

    /// Walks the descriptors of `esds` to the AudioSpecificConfig.
    private static func specificConfig(in descriptor: Bytes) throws -> Bytes {
        var reader = ByteReader(descriptor)
        try reader.skip(4)  // version, flags
        while !reader.isAtEnd {
            let tag = try reader.readUInt8()
            var length = 0
            for _ in 0..<4 {
                let byte = try reader.readUInt8()
                length = length << 7 | Int(byte & 0x7F)
                if byte & 0x80 == 0 { break }
            }
            switch tag {
            case 3: try reader.skip(3)
            case 4: try reader.skip(13)
            case 5: return try reader.readBytes(length)
            default: try reader.skip(length)
            }
        }
        throw CMAFFailure.missing("esds")
    }
}

/// A box and where it stands.
struct BoxHeader {
    let type: FourCC
    /// Where the box begins, its header included.
    let start: Int
    let content: Bytes

    /// Reads the next box whole, or `nil` at the end.
    ///
    /// - Throws: `CMAFFailure` or `OutOfBytes`. Sizes of 64 bits and "to the end of the file" are none of ours.
    static func next(in reader: inout ByteReader) throws -> BoxHeader? {
        guard !reader.isAtEnd else { return nil }
        let start = reader.position
        let size = Int(try reader.readUInt32())
        let type = FourCC(rawValue: try reader.readUInt32())
        guard size >= 8, size - 8 <= reader.remaining else {
            throw CMAFFailure.boxSize(size, available: reader.remaining + 8)
        }
        return BoxHeader(type: type, start: start, content: try reader.readBytes(size - 8))
    }
}

extension FourCC {
    /// The four characters, for messages.
    var characters: String {
        String(decoding: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: rawValue >> $0) }, as: UTF8.self)
    }
}
