import Bytes
import Media
import Testing

/// Parameter sets made by libx264 through FFmpeg, with what ffprobe says of the streams.
struct ParameterSetSample: Sendable, CustomTestStringConvertible {
    var name: String
    var sequence: Bytes
    var picture: Bytes
    var codec: String
    var size: PictureSize
    var displaySize: PictureSize
    var frameRate: Ratio?
    var chromaFormat = 1
    var bitDepth = 8
    var isProgressive = true
    var reorderFrames: Int? = 2

    var testDescription: String { name }

    init(
        _ name: String, _ sequence: String, _ picture: String, _ codec: String, _ size: (Int, Int),
        display: (Int, Int)? = nil, rate: (UInt32, UInt32), chroma: Int = 1, depth: Int = 8, progressive: Bool = true,
        reorder: Int? = 2
    ) {
        self.name = name
        self.sequence = hexadecimal(sequence)
        self.picture = hexadecimal(picture)
        self.codec = codec
        self.size = PictureSize(width: size.0, height: size.1)
        displaySize = PictureSize(width: (display ?? size).0, height: (display ?? size).1)
        frameRate = Ratio(rate.0, rate.1)
        chromaFormat = chroma
        bitDepth = depth
        isProgressive = progressive
        reorderFrames = reorder
    }

    var configuration: AVCConfiguration {
        get throws {
            try AVCConfiguration(sequenceParameterSets: [sequence], pictureParameterSets: [picture])
        }
    }

    static let hd720 = ParameterSetSample(
        "Baseline 720p", "6742c01fd9005005bb011000000300100000030320f1832480", "68cb83cb20", "avc1.42c01f",
        (1280, 720), rate: (25, 1), reorder: 0)

    static let hd1080 = ParameterSetSample(
        "High 1080p, cropped", "67640028acd940780227e5c044000003000400000300f03c60c658", "68ebe3cb22c0",
        "avc1.640028", (1920, 1080), rate: (30, 1))

    static let all = [
        hd720, hd1080,
        ParameterSetSample(
            "Main 29.97", "674d401feca06c1ef37808800001f480007530078c18cb", "68ebe3cb20", "avc1.4d401f",
            (854, 480), rate: (30000, 1001)),
        ParameterSetSample(
            "High 4:2:2 10 bit", "677a001fb6cd940a02ff89c044000003000400000301903c60c658", "68ebe3cb22c0",
            "avc1.7a001f", (640, 360), rate: (50, 1), chroma: 2, depth: 10),
        ParameterSetSample(
            "High 4:4:4", "67f4000d919b282a10f1f1f808800000030080000018078a14cb", "68ebe3c44844", "avc1.f4000d",
            (322, 242), rate: (24, 1), chroma: 3),
        ParameterSetSample(
            "interlaced 1080i", "67640028acd94078044fde0220000003002000000643e2c5b2c0", "68fba3cb22c0",
            "avc1.640028", (1920, 1080), rate: (25, 1), progressive: false),
        ParameterSetSample(
            "PAL, extended SAR 64:45", "6764001eacd940b4126ffc010000b440000003004000000c83c58b6580",
            "68ebe3cb22c0", "avc1.64001e", (720, 576), display: (1024, 576), rate: (25, 1)),
        ParameterSetSample(
            "NTSC, SAR 10:11 by table", "6764001eacd940b43db03100000303e90000ea600f162d96", "68ebe3cb22c0",
            "avc1.64001e", (720, 480), display: (655, 480), rate: (30000, 1001)),
        ParameterSetSample(
            "colour and HRD", "67640020acd9405005bb016a02020280000003008000003c3130007a12000f427269c03c60c658",
            "68ebecb22c", "avc1.640020", (1280, 720), rate: (60, 1)),
        ParameterSetSample(
            "scaling matrix", "6764000cacd941419f9f0110000003001000000301e0f1429960", "68ebe3cb3002c0",
            "avc1.64000c", (320, 180), rate: (15, 1)),
        ParameterSetSample(
            "width of 426", "67640015acd941b1fe4f0110000003001000000303c0f162d960", "68ebe3cb22c0", "avc1.640015",
            (426, 240), rate: (30, 1)),
        ParameterSetSample(
            "4K", "6742c034da00f0010fb011000003000100000300780f1832a0", "68ce0fc8", "avc1.42c034", (3840, 2160),
            rate: (60, 1), reorder: 0),
    ]
}
