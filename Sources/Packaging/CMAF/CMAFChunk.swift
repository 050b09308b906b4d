public import Bytes
public import Media

// CMAF chunk (ISO/IEC 23000-19, 7.3.2.3), which is a part; a segment is its chunks, one behind the other
//
// prft                       in the first chunk of a segment: the wall clock of its first frame
// moof
// ├─ mfhd                    sequence number
// └─ traf
//    ├─ tfhd  tfdt           defaults; the first decode time
//    └─ trun                 for each sample: duration, size, and for video flags and composition offset
// mdat                       the samples, one behind the other

/// One access unit in a chunk.
public struct CMAFSample: Sendable, Hashable {
    /// On the track's timescale.
    public var decodeTime: Int64
    /// To the next sample's decode time, above zero.
    public var duration: UInt32
    /// Presentation minus decode time; negative where a frame is shown before its turn in the decode order.
    public var compositionOffset: Int32
    public var isKeyframe: Bool
    /// NAL units behind 4-byte lengths, or one raw AAC access unit.
    public var payload: Bytes

    public init(
        decodeTime: Int64, duration: UInt32, compositionOffset: Int32 = 0, isKeyframe: Bool, payload: Bytes
    ) {
        self.decodeTime = decodeTime
        self.duration = duration
        self.compositionOffset = compositionOffset
        self.isKeyframe = isKeyframe
        self.payload = payload
    }

    public var presentationTime: Int64 { decodeTime + Int64(compositionOffset) }
}

/// Writes chunks: the only place where a payload is copied on its way from the encoder to the viewers.
public enum CMAFChunk {
    /// A sync sample that depends on no other, in `sample_flags` (ISO/IEC 14496-12, 8.8.3.1).
    static let syncFlags: UInt32 = 0x0200_0000
    /// A sample that depends on others and is no sync sample.
    static let dependentFlags: UInt32 = 0x0101_0000

    /// - Parameters:
    ///   - sequenceNumber: Rises from chunk to chunk of a rendition.
    ///   - samples: At least one, contiguous in decode time.
    ///   - receivedUnixMilliseconds: The wall clock of the first sample, for the first chunk of a segment.
    public static func bytes(
        sequenceNumber: UInt32, kind: MediaKind, samples: [CMAFSample], receivedUnixMilliseconds: Int64? = nil
    ) -> Bytes {
        precondition(!samples.isEmpty, "an empty chunk is forbidden")
        let payloadLength = samples.reduce(0) { $0 + $1.payload.count }
        let runLength = 20 + samples.count * (kind == .video ? 16 : 8)
        let moofLength = 8 + 16 + 8 + (kind == .video ? 16 : 20) + 20 + runLength
        let prftLength = receivedUnixMilliseconds == nil ? 0 : 32
        var writer = ByteWriter(capacity: prftLength + moofLength + 8 + payloadLength)
        if let milliseconds = receivedUnixMilliseconds {
            writeReferenceTime(&writer, unixMilliseconds: milliseconds, mediaTime: samples[0].presentationTime)
        }
        writer.box("moof") { box in
            box.fullBox("mfhd") { $0.write(sequenceNumber) }
            box.box("traf") { box in
                // default-base-is-moof, and for audio default-sample-flags
                box.fullBox("tfhd", flags: kind == .video ? 0x02_0000 : 0x02_0020) { box in
                    box.write(InitializationSegment.trackID)
                    if kind == .audio { box.write(syncFlags) }
                }
                box.fullBox("tfdt", version: 1) { $0.write(samples[0].decodeTime) }
                writeRun(&box, kind: kind, samples: samples, dataOffset: moofLength + 8)
            }
        }
        writer.write(UInt32(8 + payloadLength))
        writer.write("mdat" as FourCC)
        for sample in samples { writer.write(sample.payload) }
        return writer.finish()
    }

    /// `trun` (ISO/IEC 14496-12, 8.8.8). Version 1: composition offsets are signed.
    private static func writeRun(
        _ box: inout ByteWriter, kind: MediaKind, samples: [CMAFSample], dataOffset: Int
    ) {
        // data offset, sample durations, sizes; for video also flags and composition offsets
        box.fullBox("trun", version: 1, flags: kind == .video ? 0xF01 : 0x301) { box in
            box.write(UInt32(samples.count))
            box.write(Int32(dataOffset))
            for sample in samples {
                box.write(sample.duration)
                box.write(UInt32(sample.payload.count))
                guard kind == .video else { continue }
                box.write(sample.isKeyframe ? syncFlags : dependentFlags)
                box.write(sample.compositionOffset)
            }
        }
    }

    /// `prft` (ISO/IEC 14496-12, 8.16.5). Flags 24: the time has a small and steady offset from that of the scene,
    /// which is what the arrival at the ingest has.
    private static func writeReferenceTime(_ writer: inout ByteWriter, unixMilliseconds: Int64, mediaTime: Int64) {
        /// From 1900, where NTP begins, to 1970.
        let secondsFrom1900: Int64 = 2_208_988_800
        let (seconds, milliseconds) = max(0, unixMilliseconds).quotientAndRemainder(dividingBy: 1000)
        writer.fullBox("prft", version: 1, flags: 24) { box in
            box.write(InitializationSegment.trackID)
            box.write(UInt32(truncatingIfNeeded: seconds + secondsFrom1900))
            box.write(UInt32(truncatingIfNeeded: milliseconds << 32 / 1000))
            box.write(max(0, mediaTime))
        }
    }
}
