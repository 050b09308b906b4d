import Bytes
import Media

// Sample entries: `avc1` (ISO/IEC 14496-15, 5.4.2.1; 14496-12, 12.1.3) and `mp4a` (14496-14, 5.6; 14496-12, 12.2.3)

/// Writes the one entry of `stsd`: what a decoder must know before the first frame.
enum SampleEntry {
    static func write(_ box: inout ByteWriter, _ track: Track) {
        switch track.configuration {
        case .avc(let avc): writeAVC(&box, avc)
        case .aac(let aac): writeAAC(&box, aac)
        }
    }

    private static func writeAVC(_ box: inout ByteWriter, _ avc: AVCConfiguration) {
        box.box("avc1") { box in
            box.write(repeating: 0, count: 6)
            box.write(UInt16(1))  // data reference
            box.write(repeating: 0, count: 16)
            box.write(UInt16(clamping: avc.size.width))
            box.write(UInt16(clamping: avc.size.height))
            box.write(UInt32(0x0048_0000))  // 72 dpi, as every writer says
            box.write(UInt32(0x0048_0000))
            box.write(UInt32(0))
            box.write(UInt16(1))  // one frame in a sample
            box.write(repeating: 0, count: 32)  // no name
            box.write(UInt16(0x0018))
            box.write(Int16(-1))
            box.box("avcC") { $0.write(avc.decoderConfigurationRecord) }
            if let usability = avc.sequence.usability, let colour = usability.colour {
                box.box("colr") { box in
                    box.write("nclx" as FourCC)
                    box.write(UInt16(colour.primaries))
                    box.write(UInt16(colour.transfer))
                    box.write(UInt16(colour.matrix))
                    box.write(usability.isFullRange ? 0x80 as UInt8 : 0)
                }
            }
            let ratio = avc.sequence.sampleAspectRatio
            if ratio != .one {
                box.box("pasp") { box in
                    box.write(ratio.numerator)
                    box.write(ratio.denominator)
                }
            }
        }
    }

    private static func writeAAC(_ box: inout ByteWriter, _ aac: AACConfiguration) {
        box.box("mp4a") { box in
            box.write(repeating: 0, count: 6)
            box.write(UInt16(1))  // data reference
            box.write(repeating: 0, count: 8)
            box.write(UInt16(aac.channelCount))
            box.write(UInt16(16))  // bits in a sample, as every writer says
            box.write(UInt32(0))
            // A rate that does not fit the 16 whole bits stands only in the configuration and in `mdhd`.
            box.write(aac.sampleRate <= 0xFFFF ? UInt32(aac.sampleRate) << 16 : 0)
            box.fullBox("esds") { writeElementaryStreamDescriptor(&$0, aac) }
        }
    }

    /// ISO/IEC 14496-1, 7.2.6.5: descriptors within descriptors, each a tag, a length and its content.
    private static func writeElementaryStreamDescriptor(_ box: inout ByteWriter, _ aac: AACConfiguration) {
        let specific = aac.specificConfig
        let specificLength = lengthOfDescriptor(specific.count)
        let decoderLength = lengthOfDescriptor(13 + specificLength)
        writeDescriptor(&box, tag: 3, length: 3 + decoderLength + lengthOfDescriptor(1))
        box.write(UInt16(0))  // ES_ID: that of the track
        box.write(0 as UInt8)
        writeDescriptor(&box, tag: 4, length: 13 + specificLength)
        box.write(0x40 as UInt8)  // MPEG-4 audio
        box.write(0x15 as UInt8)  // an audio stream
        box.write(repeating: 0, count: 11)  // buffer size and bit rates: unknown
        writeDescriptor(&box, tag: 5, length: specific.count)
        box.write(specific)
        writeDescriptor(&box, tag: 6, length: 1)
        box.write(2 as UInt8)  // predefined for MP4 files
    }

    /// A descriptor's length with its tag and its length field.
    private static func lengthOfDescriptor(_ length: Int) -> Int { length + (length < 128 ? 2 : 3) }

    /// Lengths have seven bits to the byte; two bytes are enough for `AACConfiguration.specificConfigBytesMax`.
    private static func writeDescriptor(_ box: inout ByteWriter, tag: UInt8, length: Int) {
        box.write(tag)
        if length >= 128 { box.write(0x80 | UInt8(truncatingIfNeeded: length >> 7)) }
        box.write(UInt8(length & 0x7F))
    }
}
