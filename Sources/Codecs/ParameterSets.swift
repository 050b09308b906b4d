internal import Bytes
internal import CFFmpeg
internal import Media

/// The configuration of the track that an encoder makes.
///
/// Unsafe code: the filter lives for one call; the memory that it takes over is libav's own.
enum ParameterSets {
    /// Reads the parameter sets of an opened encoder.
    ///
    /// - Parameter frameRate: What they are to say. Encoders that take pictures at any times say their time base
    ///   instead, which would be a rate of 90,000.
    static func configuration(of context: CodecContext, frameRate: Ratio) throws(CodecFailure) -> AVCConfiguration {
        let own = try configuration(context.configuration, context.name)
        guard own.sequence.frameRate != frameRate else { return own }
        let units = AnnexB.stream(of: own.sequenceParameterSets + own.pictureParameterSets)
        return try configuration(try retimed(units, context.name, frameRate), context.name)
    }

    private static func configuration(_ sets: Bytes, _ codec: String) throws(CodecFailure) -> AVCConfiguration {
        do throws(AVCFailure) {
            let unit = try AccessUnitNormalizer(lengthSize: 4).normalize(sets)
            return try AVCConfiguration(
                sequenceParameterSets: unit.sequenceParameterSets, pictureParameterSets: unit.pictureParameterSets)
        } catch {
            throw .cannotOpen(codec: codec, reason: "its parameter sets cannot be read: \(error)")
        }
    }

    /// The same sets with another rate. Only they say it: no access unit has to change.
    private static func retimed(
        _ sets: Bytes, _ codec: String, _ frameRate: Ratio
    ) throws(CodecFailure) -> Bytes {
        var context: UnsafeMutablePointer<AVBSFContext>?
        defer { unsafe av_bsf_free(&context) }
        var code = unsafe av_bsf_alloc(av_bsf_get_by_name("h264_metadata"), &context)
        guard code >= 0, let filter = unsafe context else {
            throw .cannotOpen(codec: codec, reason: "h264_metadata: \(Libav.reason(code))")
        }
        let padding = Int(AV_INPUT_BUFFER_PADDING_SIZE)
        guard let memory = unsafe av_mallocz(sets.count + padding) else {
            throw .cannotOpen(codec: codec, reason: Libav.reason(Libav.outOfMemory))
        }
        unsafe sets.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            unsafe memory.copyMemory(from: start, byteCount: source.count)
        }
        unsafe filter.pointee.par_in.pointee.codec_id = AV_CODEC_ID_H264
        unsafe filter.pointee.par_in.pointee.codec_type = AVMEDIA_TYPE_VIDEO
        unsafe filter.pointee.par_in.pointee.extradata = unsafe memory.assumingMemoryBound(to: UInt8.self)
        unsafe filter.pointee.par_in.pointee.extradata_size = Int32(sets.count)
        // A tick is the time of a field.
        let ticks = AVRational(num: frameRate.libav.num * 2, den: frameRate.libav.den)
        code = unsafe av_opt_set_q(filter.pointee.priv_data, "tick_rate", ticks, 0)
        if code >= 0 { code = unsafe av_bsf_init(filter) }
        guard code >= 0, let changed = unsafe filter.pointee.par_out.pointee.extradata else {
            throw .cannotOpen(codec: codec, reason: "h264_metadata: \(Libav.reason(code))")
        }
        let length = unsafe Int(filter.pointee.par_out.pointee.extradata_size)
        return unsafe Bytes(copying: UnsafeRawBufferPointer(start: changed, count: length))
    }
}
