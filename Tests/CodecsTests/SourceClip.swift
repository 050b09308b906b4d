import Bytes
import Foundation
import Media

/// The frames of an FLV file, as a stream's frame log would hold them.
///
/// ```
/// file  "FLV" 1 flags(8) headerLength(32) 0(32) | tag ...
/// tag   type(8) length(24) time(24) timeHigh(8) 0(24) body tagLength(32)
/// body  video: kind, AVC 7 (8) | 0 header, 1 units (8) | composition offset (24) | data
///       audio: AAC 10, ... (8) | 0 header, 1 unit (8) | data
/// ```
struct SourceClip {
    var video: [Frame] = []
    var audio: [Frame] = []
    var videoConfiguration: AVCConfiguration?
    var audioConfiguration: AACConfiguration?

    init(_ file: URL) throws {
        var reader = ByteReader(Bytes([UInt8](try Data(contentsOf: file))))
        try reader.skip(9 + 4)
        var normalizer = AccessUnitNormalizer(lengthSize: 4)
        var videoTrack: Track?
        var audioTrack: Track?
        // Audio times count samples, as the repaired timeline does: milliseconds are too coarse.
        var audioTicks: Int64 = 0
        while reader.remaining >= 11 {
            let type = try reader.readUInt8()
            let length = Int(try reader.readUInt24())
            let time = Int64(try reader.readUInt24() | UInt32(try reader.readUInt8()) << 24)
            try reader.skip(3)
            let body = try reader.readBytes(length)
            try reader.skip(4)
            guard length > 5 || type == 8 && length > 2 else { continue }
            switch (type, body[1]) {
            case (9, 0):
                let record = try AVCDecoderConfigurationRecord(body.dropFirst(5))
                normalizer = AccessUnitNormalizer(lengthSize: record.lengthSize)
                let configuration = try AVCConfiguration(record: record)
                videoConfiguration = configuration
                videoTrack = Track(.avc(configuration))
            case (9, 1):
                guard let videoTrack else { continue }
                let high = Int32(Int8(bitPattern: body[2]))
                let offset = high << 16 | Int32(body[3]) << 8 | Int32(body[4])
                video.append(
                    Frame(
                        track: videoTrack, decodeTime: time * 90, compositionOffset: offset * 90,
                        isKeyframe: body[0] >> 4 == 1,
                        payload: try normalizer.normalize(body.dropFirst(5)).payload))
            case (8, 0):
                let configuration = try AACConfiguration(specificConfig: body.dropFirst(2))
                audioConfiguration = configuration
                audioTrack = Track(.aac(configuration))
                audioTicks = 0
            case (8, 1):
                guard let audioTrack, let audioConfiguration else { continue }
                if audio.isEmpty {
                    audioTicks = MediaTime(milliseconds: time).ticks(in: Int32(audioConfiguration.sampleRate))
                }
                audio.append(
                    Frame(track: audioTrack, decodeTime: audioTicks, isKeyframe: true, payload: body.dropFirst(2)))
                audioTicks += Int64(audioConfiguration.samplesPerFrame)
            default: continue
            }
        }
    }
}
