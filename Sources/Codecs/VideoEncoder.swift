public import Bytes
internal import CFFmpeg
public import Media

/// One encoded picture.
public struct EncodedPicture: Sendable {
    /// That of the picture, in 1/90,000 s.
    public let presentationTime: Int64
    /// In 1/90,000 s. It rises strictly and is never above the presentation time; where pictures are reordered it lies
    /// below the time of the first picture at first, also below zero.
    public let decodeTime: Int64
    /// Whether it is an IDR picture: decoding can start here, and nothing behind it refers to what is before it.
    public let isKeyframe: Bool
    /// NAL units behind 4-byte lengths, without parameter sets and delimiters.
    public let payload: Bytes

    public init(presentationTime: Int64, decodeTime: Int64, isKeyframe: Bool, payload: Bytes) {
        self.presentationTime = presentationTime
        self.decodeTime = decodeTime
        self.isKeyframe = isKeyframe
        self.payload = payload
    }
}

/// Pictures to H.264, High profile, in capped VBR with a buffer of 1.5 s.
///
/// Key frames are where they are ordered and nowhere else. For one thread at a time. With libx264 and one thread the
/// same pictures give the same bytes.
///
/// Unsafe code: fields of the encoder's context are set and read through its pointer, which lives as long as it does.
public final class VideoEncoder {
    /// The track of all pictures, from the encoder's own parameter sets.
    public let track: Track
    /// How many pictures are inside before the first comes out: with each one more that goes in, one comes out.
    public let delayFrames: Int

    private let context: CodecContext
    private let settings: VideoEncoderSettings
    private let upload: PictureUpload
    /// Refers to the picture to encode while it is sent, with fields that differ from the picture's own.
    private let sent: LibavFrame
    private let normalizer = AccessUnitNormalizer(lengthSize: 4)
    private var lastTime: Int64?

    /// Opens an encoder.
    ///
    /// - Throws: `CodecFailure.cannotOpen` when the machine has no such encoder or it refuses the settings.
    public init(_ settings: VideoEncoderSettings) throws(CodecFailure) {
        self.settings = settings
        let name = settings.kind.rawValue
        guard settings.bitRate >= 10_000, settings.bitRate <= 1_000_000_000 else {
            throw .cannotOpen(codec: name, reason: "a bit rate of \(settings.bitRate) bit/s")
        }
        let size = settings.size
        guard 2...16_384 ~= size.width, 2...16_384 ~= size.height, size.width % 2 == 0, size.height % 2 == 0 else {
            throw .cannotOpen(codec: name, reason: "a picture of \(size.width)x\(size.height)")
        }
        context = try CodecContext.encoder(named: name)
        upload = try PictureUpload(for: settings)
        sent = try LibavFrame()
        let options = EncoderOptions(settings)
        delayFrames = options.delayFrames
        let fields = unsafe context.pointer
        unsafe fields.pointee.width = Int32(size.width)
        unsafe fields.pointee.height = Int32(size.height)
        unsafe fields.pointee.pix_fmt = upload.format
        unsafe fields.pointee.time_base = Libav.timeBase
        unsafe fields.pointee.framerate = settings.frameRate.libav
        unsafe fields.pointee.sample_aspect_ratio = settings.sampleAspectRatio.libav
        unsafe fields.pointee.profile = FF_PROFILE_H264_HIGH
        unsafe fields.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | sluice_av_closed_gop()
        unsafe fields.pointee.gop_size = options.keyframeDistanceMax
        unsafe fields.pointee.max_b_frames = options.bidirectionalPictures
        unsafe fields.pointee.thread_count = Int32(max(1, min(settings.threadCount, 16)))
        unsafe fields.pointee.thread_type = FF_THREAD_FRAME
        upload.attach(to: context)
        Self.setRates(context, settings)
        Self.setColour(context, settings.colour)
        try context.open(options.values)
        track = Track(.avc(try ParameterSets.configuration(of: context, frameRate: settings.frameRate)))
    }

    /// Encodes a picture.
    ///
    /// - Parameters:
    ///   - picture: Of the settings' size, 8-bit 4:2:0. Its time lies behind that of the last one; where it does not,
    ///     one tick is added to the last one's.
    ///   - isKeyframe: Whether to make it an IDR picture.
    /// - Returns: What is ready, in decoding order: mostly one picture, `delayFrames` behind this one.
    /// - Throws: `CodecFailure.converting` for a picture of another size or format, which changes nothing;
    ///   `.encoding` when the encoder has failed and is of no more use.
    public func encode(_ picture: Picture, isKeyframe: Bool) throws(CodecFailure) -> [EncodedPicture] {
        guard picture.size == settings.size else {
            throw .converting(reason: "\(picture.size) is not the encoder's \(settings.size)")
        }
        let uploaded = try upload.upload(picture)
        let reference = unsafe av_frame_ref(sent.pointer, uploaded.frame)
        guard reference >= 0 else { throw .converting(reason: Libav.reason(reference)) }
        defer { sent.clear() }
        let time = max(picture.presentationTime, (lastTime ?? .min) &+ 1)
        unsafe sent.pointer.pointee.pts = time
        // Decoders leave their own type in it, which encoders take for an order.
        unsafe sent.pointer.pointee.pict_type = isKeyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        let code = unsafe context.send(sent.pointer)
        guard code >= 0 else { throw .encoding(reason: Libav.reason(code)) }
        lastTime = time
        return try receiveAll()
    }

    /// Changes the average bit rate, from the next picture on; without effect for encoders that cannot while they run.
    public func setBitRate(_ bitRate: Int) {
        var changed = settings
        changed.bitRate = max(10_000, min(bitRate, 1_000_000_000))
        Self.setRates(context, changed)
    }

    /// Brings out all pictures that are inside. The encoder is of no use afterwards.
    public func finish() -> [EncodedPicture] {
        guard unsafe context.send(nil) >= 0 else { return [] }
        var pictures: [EncodedPicture] = []
        // An encoder that fails at its end leaves out its last pictures; what came before is still good.
        while let picture = try? receive() { pictures.append(picture) }
        return pictures
    }

    private func receiveAll() throws(CodecFailure) -> [EncodedPicture] {
        var pictures: [EncodedPicture] = []
        while let picture = try receive() { pictures.append(picture) }
        return pictures
    }

    private func receive() throws(CodecFailure) -> EncodedPicture? {
        guard let output = try context.receive() else { return nil }
        do throws(AVCFailure) {
            let unit = try normalizer.normalize(output.payload)
            return EncodedPicture(
                presentationTime: output.presentationTime, decodeTime: output.decodeTime, isKeyframe: unit.isIDR,
                payload: unit.payload)
        } catch {
            throw .encoding(reason: "the encoder made an access unit that cannot be read: \(error)")
        }
    }

    private static func setRates(_ context: CodecContext, _ settings: VideoEncoderSettings) {
        let fields = unsafe context.pointer
        unsafe fields.pointee.bit_rate = Int64(settings.bitRate)
        unsafe fields.pointee.rc_max_rate = Int64(settings.peakBitRate)
        unsafe fields.pointee.rc_buffer_size = Int32(clamping: settings.bufferBits)
    }

    private static func setColour(_ context: CodecContext, _ colour: VideoUsability.ColourDescription?) {
        let fields = unsafe context.pointer
        unsafe fields.pointee.color_range = AVCOL_RANGE_MPEG
        guard let colour else { return }
        unsafe fields.pointee.color_primaries = AVColorPrimaries(rawValue: UInt32(colour.primaries))
        unsafe fields.pointee.color_trc = AVColorTransferCharacteristic(rawValue: UInt32(colour.transfer))
        // RGB has become BT.709 on its way to 4:2:0.
        let matrix = colour.matrix == 0 ? 1 : colour.matrix
        unsafe fields.pointee.colorspace = AVColorSpace(rawValue: UInt32(matrix))
    }
}
