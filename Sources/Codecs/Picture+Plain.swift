internal import CFFmpeg
internal import Media

extension Picture {
    /// A picture of one grey, to try encoders with.
    ///
    /// Unsafe code: fills planes that this function has just made, before anybody else sees them.
    static func plain(size: PictureSize, presentationTime: Int64, luma: UInt8 = 128) throws(CodecFailure) -> Picture {
        let frame = try FramePool(size: size, format: AV_PIX_FMT_YUV420P).makeFrame()
        let fields = unsafe frame.pointer
        unsafe fields.pointee.pts = presentationTime
        let chromaHeight = (size.height + 1) / 2
        unsafe fields.pointee.data.0?.initialize(
            repeating: luma, count: Int(fields.pointee.linesize.0) * size.height)
        unsafe fields.pointee.data.1?.initialize(repeating: 128, count: Int(fields.pointee.linesize.1) * chromaHeight)
        unsafe fields.pointee.data.2?.initialize(repeating: 128, count: Int(fields.pointee.linesize.2) * chromaHeight)
        return Picture(frame)
    }
}
