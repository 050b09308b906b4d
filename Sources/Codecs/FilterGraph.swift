internal import CFFmpeg
internal import Media

/// A chain of libavfilter's filters for pictures of one kind.
///
/// Unsafe code: the graph owns its filters, from `init` to `deinit`; frames are lent for the length of a call.
@safe final class FilterGraph {
    private let size: PictureSize
    private let format: AVPixelFormat
    private let isFullRange: Bool
    private let isInterlaced: Bool
    private let turn: Turn?
    private let graph: UnsafeMutablePointer<AVFilterGraph>
    private var source: UnsafeMutablePointer<AVFilterContext>?
    private var sink: UnsafeMutablePointer<AVFilterContext>?

    /// How a picture must be turned to be shown upright.
    enum Turn: Equatable {
        case clockwise, counterclockwise, half

        var steps: [String] {
            switch self {
            case .clockwise: ["transpose=clock"]
            case .counterclockwise: ["transpose=cclock"]
            case .half: ["hflip", "vflip"]
            }
        }

        /// What the display orientation SEI asks for (ITU-T H.264, D.2.26), in quarter turns; `nil` when there is none.
        init?(for picture: Picture) {
            guard let side = unsafe av_frame_get_side_data(picture.frame, AV_FRAME_DATA_DISPLAYMATRIX),
                unsafe side.pointee.size >= 9 * MemoryLayout<Int32>.size
            else { return nil }
            let degrees = unsafe side.pointee.data.withMemoryRebound(to: Int32.self, capacity: 9) {
                unsafe av_display_rotation_get($0)
            }
            // The matrix says by how much it turns counterclockwise; odd angles are left as they are.
            switch degrees {
            case 80...100: self = .counterclockwise
            case -100 ... -80: self = .clockwise
            case 170...180, -180 ... -170: self = .half
            default: return nil
            }
        }
    }

    /// The filters that a picture needs; `nil` when it needs none.
    static func steps(for picture: Picture, _ turn: Turn?) -> [String]? {
        var steps: [String] = []
        if picture.isInterlaced { steps.append("bwdif=mode=send_frame:deint=interlaced") }
        if picture.format != AV_PIX_FMT_YUV420P || picture.isFullRange {
            // RGB has no matrix of its own to keep.
            let matrix = unsafe picture.frame.pointee.colorspace == AVCOL_SPC_RGB ? ":out_color_matrix=bt709" : ""
            let range = picture.isFullRange ? ":in_range=pc:out_range=tv" : ""
            steps.append("scale=flags=bicubic" + range + matrix)
            steps.append("format=yuv420p")
        }
        if let turn { steps += turn.steps }
        return steps.isEmpty ? nil : steps
    }

    /// - Parameters:
    ///   - picture: One like those to filter.
    ///   - turn: Which `steps` contain.
    ///   - steps: Not empty.
    init(for picture: Picture, _ turn: Turn?, steps: [String]) throws(CodecFailure) {
        Libav.quiet
        size = picture.size
        format = picture.format
        isFullRange = picture.isFullRange
        isInterlaced = picture.isInterlaced
        self.turn = turn
        guard let graph = unsafe avfilter_graph_alloc() else {
            throw .converting(reason: Libav.reason(Libav.outOfMemory))
        }
        unsafe self.graph = graph
        unsafe graph.pointee.nb_threads = 1
        unsafe source = nil
        unsafe sink = nil
        let ratio = picture.sampleAspectRatio.libav
        let arguments =
            "video_size=\(size.width)x\(size.height):pix_fmt=\(format.rawValue):time_base=1/90000"
            + ":pixel_aspect=\(ratio.num)/\(ratio.den)"
        var code = unsafe avfilter_graph_create_filter(
            &source, avfilter_get_by_name("buffer"), "in", arguments, nil, graph)
        if code >= 0 {
            code = unsafe avfilter_graph_create_filter(
                &sink, avfilter_get_by_name("buffersink"), "out", nil, nil, graph)
        }
        if code >= 0 { code = connect(steps) }
        if code >= 0 { code = unsafe avfilter_graph_config(graph, nil) }
        guard code >= 0 else {
            throw .converting(reason: "\(steps.joined(separator: ",")): \(Libav.reason(code))")
        }
    }

    deinit {
        var graph: UnsafeMutablePointer<AVFilterGraph>? = unsafe self.graph
        unsafe avfilter_graph_free(&graph)
    }

    private func connect(_ steps: [String]) -> Int32 {
        var last = unsafe source
        for step in steps {
            let parts = step.split(separator: "=", maxSplits: 1).map(String.init)
            var next: UnsafeMutablePointer<AVFilterContext>?
            let arguments = parts.count > 1 ? parts[1] : nil
            var code = unsafe avfilter_graph_create_filter(
                &next, avfilter_get_by_name(parts[0]), step, arguments, nil, graph)
            if code >= 0 { code = unsafe avfilter_link(last, 0, next, 0) }
            guard code >= 0 else { return code }
            unsafe last = unsafe next
        }
        return unsafe avfilter_link(last, 0, sink, 0)
    }

    /// Whether a picture is like the one of `init`. Pictures that are not interlaced among such that are go through
    /// the same filters, which leave them alone, so that all have the same delay.
    func fits(_ picture: Picture, _ turn: Turn?) -> Bool {
        picture.size == size && picture.format == format && picture.isFullRange == isFullRange
            && (isInterlaced || !picture.isInterlaced) && turn == self.turn
    }

    func filter(_ picture: Picture) throws(CodecFailure) -> [Picture] {
        // The filter makes a reference of its own, because it is told to keep the caller's.
        let code = unsafe av_buffersrc_add_frame_flags(source, picture.frame, Int32(AV_BUFFERSRC_FLAG_KEEP_REF))
        guard code >= 0 else { throw .converting(reason: Libav.reason(code)) }
        return try receiveAll()
    }

    func finish() -> [Picture] {
        guard unsafe av_buffersrc_add_frame_flags(source, nil, 0) >= 0 else { return [] }
        // A filter that fails at the end leaves out the last picture.
        return (try? receiveAll()) ?? []
    }

    private func receiveAll() throws(CodecFailure) -> [Picture] {
        var pictures: [Picture] = []
        while true {
            let frame = try LibavFrame()
            let code = unsafe av_buffersink_get_frame(sink, frame.pointer)
            if code == Libav.needsInput || code == Libav.isAtEnd { return pictures }
            guard code >= 0 else { throw .converting(reason: Libav.reason(code)) }
            // Deinterlacers count in half ticks.
            let fields = unsafe frame.pointer
            unsafe fields.pointee.pts = unsafe av_rescale_q(
                fields.pointee.pts, av_buffersink_get_time_base(sink), Libav.timeBase)
            unsafe fields.pointee.interlaced_frame = 0
            unsafe av_frame_remove_side_data(fields, AV_FRAME_DATA_DISPLAYMATRIX)
            unsafe fields.pointee.color_range = AVCOL_RANGE_MPEG
            if unsafe fields.pointee.colorspace == AVCOL_SPC_RGB {
                unsafe fields.pointee.colorspace = AVCOL_SPC_BT709
            }
            pictures.append(Picture(frame))
        }
    }
}
