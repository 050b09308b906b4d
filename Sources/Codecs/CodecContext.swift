internal import Bytes
internal import CFFmpeg

/// One opened decoder or encoder of libavcodec.
///
/// Unsafe code: both pointers are valid from `init` to `deinit` and are not stored elsewhere. Memory that the library
/// lends is copied before the next call. Not for two threads at a time.
@safe final class CodecContext {
    let name: String
    let pointer: UnsafeMutablePointer<AVCodecContext>
    private let codec: UnsafePointer<AVCodec>
    private let packet: UnsafeMutablePointer<AVPacket>

    /// - Parameter codec: What `avcodec_find_...` returned.
    init(_ codec: UnsafePointer<AVCodec>?, name: String) throws(CodecFailure) {
        Libav.quiet
        self.name = name
        guard let codec = unsafe codec else {
            throw .cannotOpen(codec: name, reason: "libavcodec was built without it")
        }
        guard let packet = unsafe av_packet_alloc() else {
            throw .cannotOpen(codec: name, reason: Libav.reason(Libav.outOfMemory))
        }
        guard let context = unsafe avcodec_alloc_context3(codec) else {
            var packet: UnsafeMutablePointer<AVPacket>? = unsafe packet
            unsafe av_packet_free(&packet)
            throw .cannotOpen(codec: name, reason: Libav.reason(Libav.outOfMemory))
        }
        unsafe self.codec = codec
        unsafe self.packet = packet
        unsafe pointer = context
    }

    deinit {
        var packet: UnsafeMutablePointer<AVPacket>? = unsafe self.packet
        unsafe av_packet_free(&packet)
        var context: UnsafeMutablePointer<AVCodecContext>? = unsafe pointer
        unsafe avcodec_free_context(&context)
    }

    static func decoder(_ id: AVCodecID, name: String) throws(CodecFailure) -> CodecContext {
        try unsafe CodecContext(avcodec_find_decoder(id), name: name)
    }

    static func encoder(named name: String) throws(CodecFailure) -> CodecContext {
        try unsafe CodecContext(avcodec_find_encoder_by_name(name), name: name)
    }

    /// Gives a decoder its configuration, in memory that the context then owns.
    func setConfiguration(_ bytes: Bytes) throws(CodecFailure) {
        let padding = Int(AV_INPUT_BUFFER_PADDING_SIZE)
        guard let memory = unsafe av_mallocz(bytes.count + padding) else {
            throw .cannotOpen(codec: name, reason: Libav.reason(Libav.outOfMemory))
        }
        unsafe bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            unsafe memory.copyMemory(from: start, byteCount: source.count)
        }
        unsafe pointer.pointee.extradata = unsafe memory.assumingMemoryBound(to: UInt8.self)
        unsafe pointer.pointee.extradata_size = Int32(bytes.count)
    }

    /// What an opened encoder says about its stream.
    var configuration: Bytes {
        guard let memory = unsafe pointer.pointee.extradata else { return Bytes() }
        let length = unsafe Int(pointer.pointee.extradata_size)
        return unsafe Bytes(copying: UnsafeRawBufferPointer(start: memory, count: length))
    }

    /// Opens the codec. An option that it does not know is a mistake of ours and fails.
    func open(_ options: KeyValuePairs<String, String> = [:]) throws(CodecFailure) {
        var dictionary: OpaquePointer?
        defer { unsafe av_dict_free(&dictionary) }
        for (key, value) in options { unsafe av_dict_set(&dictionary, key, value, 0) }
        let code = unsafe avcodec_open2(pointer, codec, &dictionary)
        guard code >= 0 else { throw .cannotOpen(codec: name, reason: Libav.reason(code)) }
        if let unknown = unsafe av_dict_get(dictionary, "", nil, AV_DICT_IGNORE_SUFFIX) {
            throw .cannotOpen(codec: name, reason: "no option \(unsafe String(cString: unknown.pointee.key))")
        }
    }

    /// Gives a decoder one access unit, which it copies.
    ///
    /// - Returns: libav's code.
    func send(_ payload: Bytes, presentationTime: Int64, decodeTime: Int64, isKeyframe: Bool) -> Int32 {
        unsafe payload.withUnsafeBytes { memory in
            // A packet without a buffer of its own is copied by `avcodec_send_packet`, which writes nothing to it.
            let start = unsafe UnsafeMutableRawPointer(mutating: memory.baseAddress)
            unsafe packet.pointee.data = unsafe start?.assumingMemoryBound(to: UInt8.self)
            unsafe packet.pointee.size = Int32(memory.count)
            unsafe packet.pointee.pts = presentationTime
            unsafe packet.pointee.dts = decodeTime
            unsafe packet.pointee.flags = isKeyframe ? AV_PKT_FLAG_KEY : 0
            defer { unsafe av_packet_unref(packet) }
            return unsafe avcodec_send_packet(pointer, packet)
        }
    }

    /// Tells a decoder that nothing follows, so that it gives what it holds.
    func sendEnd() -> Int32 { unsafe avcodec_send_packet(pointer, nil) }

    /// Forgets all state of a decoder, which goes on at the next keyframe.
    func reset() { unsafe avcodec_flush_buffers(pointer) }

    /// The next decoded frame.
    ///
    /// - Returns: libav's code; the frame is filled when it is not negative.
    func receive(into frame: borrowing LibavFrame) -> Int32 { unsafe avcodec_receive_frame(pointer, frame.pointer) }

    /// Gives an encoder a frame, to which it keeps a reference; `nil` when nothing follows.
    func send(_ frame: UnsafePointer<AVFrame>?) -> Int32 { unsafe avcodec_send_frame(pointer, frame) }

    /// One encoded access unit.
    struct Output {
        var presentationTime: Int64
        var decodeTime: Int64
        var payload: Bytes
    }

    /// The next access unit of an encoder; `nil` when there is none yet, or none any more.
    func receive() throws(CodecFailure) -> Output? {
        let code = unsafe avcodec_receive_packet(pointer, packet)
        if code == Libav.needsInput || code == Libav.isAtEnd { return nil }
        guard code >= 0 else { throw .encoding(reason: Libav.reason(code)) }
        defer { unsafe av_packet_unref(packet) }
        let memory = unsafe UnsafeRawBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))
        return unsafe Output(
            presentationTime: packet.pointee.pts, decodeTime: packet.pointee.dts, payload: Bytes(copying: memory))
    }
}
