/// A video codec as FLV names it.
enum VideoCodec: Equatable {
    case avc
    /// One that is refused, by the name people know it by.
    case unsupported(String)

    static let hevcName = "HEVC (H.265)"

    /// The codec ids of Adobe's FLV and those that others added.
    init(legacyID: UInt8) {
        switch legacyID {
        case 2: self = .unsupported("Sorenson H.263")
        case 3, 6: self = .unsupported("Screen Video")
        case 4, 5: self = .unsupported("VP6")
        case 7: self = .avc
        case 12: self = .unsupported(Self.hevcName)
        case 13: self = .unsupported("AV1")
        default: self = .unsupported("video codec \(legacyID)")
        }
    }

    init(fourCC: UInt32) {
        switch FourCC.text(fourCC) {
        case "avc1": self = .avc
        case "hvc1": self = .unsupported("\(Self.hevcName) as hvc1")
        case "av01": self = .unsupported("AV1 (av01)")
        case "vp09": self = .unsupported("VP9 (vp09)")
        case "vp08": self = .unsupported("VP8 (vp08)")
        case "vvc1": self = .unsupported("VVC (vvc1)")
        case let other: self = .unsupported("video codec \(other)")
        }
    }
}

/// An audio codec as FLV names it.
enum AudioCodec: Equatable {
    case aac
    /// One that is refused, by the name people know it by.
    case unsupported(String)

    /// The sound formats of Adobe's FLV and those that others added.
    init(legacyID: UInt8) {
        switch legacyID {
        case 0, 3: self = .unsupported("PCM")
        case 1: self = .unsupported("ADPCM")
        case 2, 14: self = .unsupported("MP3")
        case 4, 5, 6: self = .unsupported("Nellymoser")
        case 7: self = .unsupported("G.711 A-law")
        case 8: self = .unsupported("G.711 mu-law")
        case 10: self = .aac
        case 11: self = .unsupported("Speex")
        case 13: self = .unsupported("Opus")
        default: self = .unsupported("audio codec \(legacyID)")
        }
    }

    init(fourCC: UInt32) {
        switch FourCC.text(fourCC) {
        case "mp4a": self = .aac
        case "Opus": self = .unsupported("Opus")
        case "fLaC": self = .unsupported("FLAC (fLaC)")
        case "ac-3": self = .unsupported("AC-3 (ac-3)")
        case "ec-3": self = .unsupported("E-AC-3 (ec-3)")
        case ".mp3": self = .unsupported("MP3 (.mp3)")
        case let other: self = .unsupported("audio codec \(other)")
        }
    }
}

/// Four characters in a number, as Enhanced RTMP names codecs.
enum FourCC {
    /// The characters; what is no visible ASCII becomes a question mark.
    static func text(_ code: UInt32) -> String {
        String(
            decoding: [24, 16, 8, 0].map { (shift: UInt32) -> UInt8 in
                let byte = UInt8(truncatingIfNeeded: code >> shift)
                return (0x20...0x7E).contains(byte) ? byte : 0x3F
            }, as: UTF8.self)
    }
}
