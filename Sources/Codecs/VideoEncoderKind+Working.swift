internal import Media

extension VideoEncoderKind {
    /// The encoder to use: the wanted one, or the first hardware that works, or libx264.
    ///
    /// Each candidate encodes a few small pictures, because an encoder that opens may still fail with the first one.
    /// That takes some tens of milliseconds where there is hardware.
    ///
    /// - Parameter wanted: `nil` lets it choose. One that does not work is replaced by libx264.
    public static func working(_ wanted: VideoEncoderKind?) -> VideoEncoderKind {
        let candidates = wanted.map { [$0] } ?? [.h264_nvenc, .h264_vaapi, .h264_qsv]
        return candidates.first { $0 == .libx264 || $0.encodesTestPictures } ?? .libx264
    }

    private var encodesTestPictures: Bool {
        let size = PictureSize(width: 640, height: 360)
        guard let rate = Ratio(30, 1) else { return false }
        do throws(CodecFailure) {
            let encoder = try VideoEncoder(
                VideoEncoderSettings(kind: self, size: size, frameRate: rate, bitRate: 1_000_000))
            var made: [EncodedPicture] = []
            for index in 0..<8 {
                let picture = try Picture.plain(size: size, presentationTime: Int64(index) * 3000)
                made += try encoder.encode(picture, isKeyframe: index == 0 || index == 4)
            }
            made += encoder.finish()
            return made.count == 8 && made.filter(\.isKeyframe).map(\.presentationTime) == [0, 12_000]
        } catch {
            // Whatever the reason, it cannot be used here.
            return false
        }
    }
}
