import Bytes
import Media

/// The video half of `FrameAssembler`.
struct VideoAssembler {
    private var track: Track?
    private var lastRecord = Bytes()
    private var normalizer = AccessUnitNormalizer(lengthSize: 4)
    /// Parameter sets that came within the stream before both kinds were there.
    private var looseSequenceSets: [Bytes] = []
    private var loosePictureSets: [Bytes] = []
    /// Whether frames are dropped because nothing can be decoded before the next keyframe.
    private var awaitsKeyframe = true

    /// Takes a sequence header.
    ///
    /// - Returns: Whether it could be used.
    /// - Throws: When it is the configuration of HEVC, which old encoders send under the number of H.264.
    mutating func configure(_ record: Bytes) throws(FrameAssembler.UnsupportedCodec) -> Bool {
        guard !record.isEmpty, record != lastRecord else { return !record.isEmpty }
        guard !Self.isHEVC(record) else {
            throw FrameAssembler.UnsupportedCodec(name: "\(VideoCodec.hevcName) marked as H.264", kind: .video)
        }
        lastRecord = record
        if AnnexB.begins(record) { return configure(byteStream: record) }
        guard let parsed = try? AVCDecoderConfigurationRecord(record) else { return false }
        normalizer = AccessUnitNormalizer(lengthSize: parsed.lengthSize)
        // Without parameter sets the record says only the length size; the sets will come with the first keyframe.
        guard let configuration = try? AVCConfiguration(record: parsed) else {
            learn(sequences: parsed.sequenceParameterSets, pictures: parsed.pictureParameterSets)
            return true
        }
        adopt(configuration)
        return true
    }

    /// Takes an access unit.
    ///
    /// - Returns: `nil` when it has no picture, when it is damaged, or when it cannot be decoded yet.
    mutating func frame(
        _ payload: Bytes, isMarkedKey: Bool, timestamp: UInt32, compositionOffset: Int32
    ) -> EncoderFrame? {
        guard let unit = try? normalizer.normalize(payload) else { return nil }
        if unit.hasParameterSets {
            learn(sequences: unit.sequenceParameterSets, pictures: unit.pictureParameterSets)
        }
        guard unit.hasPicture, !unit.payload.isEmpty, let track else { return nil }
        let isKeyframe = unit.isIDR || isMarkedKey && unit.isRandomAccess
        if isKeyframe { awaitsKeyframe = false }
        guard !awaitsKeyframe else { return nil }
        return EncoderFrame(
            track: track, timestampMilliseconds: timestamp, compositionOffsetMilliseconds: compositionOffset,
            isKeyframe: isKeyframe, payload: unit.payload)
    }

    mutating func requireKeyframe() { awaitsKeyframe = true }

    private mutating func configure(byteStream: Bytes) -> Bool {
        guard let unit = try? AccessUnitNormalizer(lengthSize: 4).normalize(byteStream), unit.hasParameterSets else {
            return false
        }
        learn(sequences: unit.sequenceParameterSets, pictures: unit.pictureParameterSets)
        return true
    }

    /// Takes parameter sets that came without a record.
    private mutating func learn(sequences: [Bytes], pictures: [Bytes]) {
        if case .avc(let current)? = track?.configuration {
            let updated = try? current.updated(sequenceParameterSets: sequences, pictureParameterSets: pictures)
            if let updated { adopt(updated) }
            return
        }
        if !sequences.isEmpty { looseSequenceSets = sequences }
        if !pictures.isEmpty { loosePictureSets = pictures }
        let complete = try? AVCConfiguration(
            sequenceParameterSets: looseSequenceSets, pictureParameterSets: loosePictureSets)
        if let complete { adopt(complete) }
    }

    private mutating func adopt(_ configuration: AVCConfiguration) {
        looseSequenceSets = []
        loosePictureSets = []
        guard track?.configuration != .avc(configuration) else { return }
        track = Track(.avc(configuration))
        awaitsKeyframe = true
    }

    /// Whether a record is an `HEVCDecoderConfigurationRecord` (ISO/IEC 14496-15, 8.3.3.1), by its reserved bits, all
    /// ones, and the type of its first array, a parameter set of HEVC.
    private static func isHEVC(_ record: Bytes) -> Bool {
        guard record.count > 23, record[0] == 1, record[22] > 0 else { return false }
        let reserved = [(13, 0xF0), (15, 0xFC), (16, 0xFC), (17, 0xF8), (18, 0xF8)] as [(Int, UInt8)]
        return reserved.allSatisfy { record[$0.0] & $0.1 == $0.1 } && (32...40).contains(record[23] & 0x3F)
    }
}
