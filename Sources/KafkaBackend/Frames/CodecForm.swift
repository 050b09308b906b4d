internal import Bytes
internal import Media

// A codec configuration in a record of `stream-frames`.
//
// H.264:  | SPS count 8 | PPS count 8 | per set, SPS first: length 16, the set with its NAL header |
// AAC:    | the AudioSpecificConfig |

/// A codec configuration as bytes: compared as they are, and read only where they are others than before.
struct CodecForm: Equatable {
    let bytes: Bytes

    init(bytes: Bytes) { self.bytes = bytes }

    init(_ configuration: CodecConfiguration) {
        switch configuration {
        case .aac(let aac): bytes = aac.specificConfig
        case .avc(let avc):
            var writer = ByteWriter(capacity: 128)
            // `AVCConfiguration` has at most 31 and 255 sets, none longer than 4,096 bytes.
            writer.write(UInt8(avc.sequenceParameterSets.count))
            writer.write(UInt8(avc.pictureParameterSets.count))
            for set in avc.sequenceParameterSets + avc.pictureParameterSets {
                writer.write(UInt16(set.count))
                writer.write(set)
            }
            bytes = writer.finish()
        }
    }

    /// The configuration; `nil` when it cannot be read.
    func configuration(of kind: MediaKind) -> CodecConfiguration? {
        switch kind {
        case .audio: return (try? AACConfiguration(specificConfig: bytes)).map { .aac($0) }
        case .video:
            var reader = ByteReader(bytes)
            guard let sequences = try? reader.readUInt8(), let pictures = try? reader.readUInt8() else { return nil }
            var sets: [Bytes] = []
            for _ in 0..<Int(sequences) + Int(pictures) {
                guard let length = try? reader.readUInt16(), let set = try? reader.readBytes(Int(length)) else {
                    return nil
                }
                sets.append(set)
            }
            let avc = try? AVCConfiguration(
                sequenceParameterSets: Array(sets[..<Int(sequences)]),
                pictureParameterSets: Array(sets[Int(sequences)...]))
            return avc.map { .avc($0) }
        }
    }

    /// The same in memory of its own, so that a small configuration does not hold a whole record.
    var ownCopy: CodecForm { CodecForm(bytes: Bytes(bytes.array)) }
}
