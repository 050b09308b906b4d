public import Bytes
public import Media

// Initialisation segment of a CMAF track (ISO/IEC 23000-19, 7.3.1)
//
// ftyp
// moov
// ├─ mvhd
// ├─ trak
// │  ├─ tkhd
// │  └─ mdia
// │     ├─ mdhd  hdlr
// │     └─ minf
// │        ├─ vmhd or smhd   dinf ─ dref ─ url
// │        └─ stbl ─ stsd ─ avc1 ─ avcC, colr, pasp   or   mp4a ─ esds
// │           └─ stts  stsc  stsz  stco, all empty: the samples are in the fragments
// └─ mvex ─ trex

/// Writes what a player needs before the first segment of a rendition: the codec configuration, and no media.
public enum InitializationSegment {
    /// The id of the only track in every file: each rendition is a file of its own.
    static let trackID: UInt32 = 1

    public static func bytes(for track: Track) -> Bytes {
        var writer = ByteWriter(capacity: 1024)
        writer.box("ftyp") { box in
            box.write("cmf2" as FourCC)
            box.write(UInt32(0))
            // `cmfc` and `iso6` for readers that know neither the newer brand nor its signed composition offsets.
            for brand in ["cmf2", "cmfc", "iso6", "mp41"] as [FourCC] { box.write(brand) }
        }
        writer.box("moov") { box in
            writeMovieHeader(&box, timescale: track.timescale)
            writeTrack(&box, track)
            box.box("mvex") { box in
                box.fullBox("trex") { box in
                    box.write(trackID)
                    box.write(UInt32(1))  // the only sample description
                    for _ in 0..<3 { box.write(UInt32(0)) }  // each fragment says durations, sizes and flags
                }
            }
        }
        return writer.finish()
    }

    private static func writeMovieHeader(_ box: inout ByteWriter, timescale: Int32) {
        box.fullBox("mvhd") { box in
            box.write(repeating: 0, count: 8)  // times of creation: none, so that equal input gives equal bytes
            box.write(timescale)
            box.write(UInt32(0))  // duration: unknown, as it is live
            box.write(UInt32(0x0001_0000))  // rate 1.0
            box.write(UInt16(0x0100))  // volume 1.0
            box.write(repeating: 0, count: 10)
            writeMatrix(&box)
            box.write(repeating: 0, count: 24)
            box.write(trackID + 1)  // next free track id
        }
    }

    /// The identity: pictures are shown as they are.
    private static func writeMatrix(_ box: inout ByteWriter) {
        for value: UInt32 in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] { box.write(value) }
    }

    private static func writeTrack(_ box: inout ByteWriter, _ track: Track) {
        box.box("trak") { box in
            box.fullBox("tkhd", flags: 7) { box in  // enabled, in movie, in preview
                box.write(repeating: 0, count: 8)
                box.write(trackID)
                box.write(repeating: 0, count: 16)  // reserved, duration, reserved
                box.write(UInt32(0))  // layer, alternate group
                box.write(UInt16(track.kind == .audio ? 0x0100 : 0))  // volume
                box.write(UInt16(0))
                writeMatrix(&box)
                let size = displaySize(of: track)
                box.write(UInt32(size.width) << 16)
                box.write(UInt32(size.height) << 16)
            }
            box.box("mdia") { box in writeMedia(&box, track) }
        }
    }

    /// Zero for audio. A side fits 16 bits whatever the sample aspect ratio makes of it.
    private static func displaySize(of track: Track) -> PictureSize {
        switch track.configuration {
        case .avc(let avc):
            PictureSize(width: min(avc.displaySize.width, 0xFFFF), height: min(avc.displaySize.height, 0xFFFF))
        case .aac: PictureSize(width: 0, height: 0)
        }
    }

    private static func writeMedia(_ box: inout ByteWriter, _ track: Track) {
        box.fullBox("mdhd") { box in
            box.write(repeating: 0, count: 8)
            box.write(track.timescale)
            box.write(UInt32(0))
            box.write(UInt16(0x55C4))  // language: undetermined
            box.write(UInt16(0))
        }
        box.fullBox("hdlr") { box in
            box.write(UInt32(0))
            box.write((track.kind == .video ? "vide" : "soun") as FourCC)
            box.write(repeating: 0, count: 12)
            box.write(utf8: track.kind == .video ? "video" : "audio")
            box.write(0 as UInt8)
        }
        box.box("minf") { box in
            switch track.kind {
            case .video: box.fullBox("vmhd", flags: 1) { $0.write(repeating: 0, count: 8) }
            case .audio: box.fullBox("smhd") { $0.write(UInt32(0)) }
            }
            box.box("dinf") { box in
                box.fullBox("dref") { box in
                    box.write(UInt32(1))
                    box.fullBox("url ", flags: 1) { _ in }  // the media is in this file
                }
            }
            box.box("stbl") { box in
                box.fullBox("stsd") { box in
                    box.write(UInt32(1))
                    SampleEntry.write(&box, track)
                }
                for type in ["stts", "stsc"] as [FourCC] { box.fullBox(type) { $0.write(UInt32(0)) } }
                box.fullBox("stsz") { $0.write(repeating: 0, count: 8) }
                box.fullBox("stco") { $0.write(UInt32(0)) }
            }
        }
    }
}
