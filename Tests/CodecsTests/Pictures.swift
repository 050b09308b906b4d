import CFFmpeg
import Foundation
import Media
import TestKit

@testable import Codecs

/// What the tests of this module feed their codecs with.
enum Pictures {
    static let thirty = Ratio(30, 1) ?? .one

    /// Pictures in which something moves: a gradient that drifts, with a bright bar.
    static func moving(
        _ count: Int, size: PictureSize = PictureSize(width: 320, height: 180), ticks: Int64 = 3000,
        from start: Int64 = 0
    ) throws -> [Picture] {
        try (0..<count).map { try moving(index: $0, size: size, presentationTime: start + Int64($0) * ticks) }
    }

    static func moving(index: Int, size: PictureSize, presentationTime: Int64) throws -> Picture {
        let frame = try FramePool(size: size, format: AV_PIX_FMT_YUV420P).makeFrame()
        let fields = frame.pointer
        fields.pointee.pts = presentationTime
        let bar = index * 7 % size.width
        if let plane = fields.pointee.data.0 {
            for y in 0..<size.height {
                let line = plane + y * Int(fields.pointee.linesize.0)
                for x in 0..<size.width {
                    line[x] = abs(x - bar) < 6 ? 230 : UInt8(16 + (x + y + index * 3 + (x * y / 97) % 31) % 200)
                }
            }
        }
        for (plane, stride) in [
            (fields.pointee.data.1, fields.pointee.linesize.1), (fields.pointee.data.2, fields.pointee.linesize.2),
        ] {
            for y in 0..<(size.height + 1) / 2 {
                for x in 0..<(size.width + 1) / 2 {
                    plane?[y * Int(stride) + x] = UInt8(100 + (x + y + index) % 50)
                }
            }
        }
        return Picture(frame)
    }

    /// A clip made by FFmpeg.
    static func clip(_ arguments: [String], in directory: TemporaryDirectory) async throws -> SourceClip {
        let file = directory.url.appending(path: "clip-\(UUID().uuidString).flv")
        let command = ["ffmpeg", "-v", "error", "-y"] + arguments + [file.path]
        let result = try await ChildProcess.run(command, in: directory.url, seconds: 120)
        guard result.status == 0 else { throw NeverHappened(description: "ffmpeg made no clip: \(result.errors)") }
        return try SourceClip(file)
    }

    /// The peak signal-to-noise ratio of two pictures' luma, in decibels.
    static func luma(of a: Picture, against b: Picture) -> Double {
        guard a.size == b.size, let left = a.frame.pointee.data.0, let right = b.frame.pointee.data.0 else { return 0 }
        var sum = 0
        for y in 0..<a.size.height {
            for x in 0..<a.size.width {
                let difference =
                    Int(left[y * Int(a.frame.pointee.linesize.0) + x])
                    - Int(right[y * Int(b.frame.pointee.linesize.0) + x])
                sum += difference * difference
            }
        }
        guard sum > 0 else { return 100 }
        return 10 * log10(255 * 255 * Double(a.size.width * a.size.height) / Double(sum))
    }
}

extension VideoEncoder {
    /// Encodes pictures to the end; a key frame where `isKeyframe` says so.
    func encodeAll(_ pictures: [Picture], isKeyframe: (Int) -> Bool = { $0 == 0 }) throws -> [EncodedPicture] {
        var made: [EncodedPicture] = []
        for (index, picture) in pictures.enumerated() { made += try encode(picture, isKeyframe: isKeyframe(index)) }
        return made + finish()
    }
}

extension EncodedPicture {
    func frame(of track: Track) -> Frame {
        Frame(
            track: track, decodeTime: decodeTime, compositionOffset: Int32(presentationTime - decodeTime),
            isKeyframe: isKeyframe, payload: payload)
    }
}

extension VideoDecoder {
    func decodeAll(_ frames: [Frame]) throws -> [Picture] {
        var pictures: [Picture] = []
        for frame in frames { pictures += try decode(frame) }
        return pictures + finish()
    }
}

extension Track {
    var avc: AVCConfiguration? {
        if case .avc(let configuration) = configuration { configuration } else { nil }
    }

    var aac: AACConfiguration? {
        if case .aac(let configuration) = configuration { configuration } else { nil }
    }
}
