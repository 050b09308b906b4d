/// Brings any picture that H.264 knows to what encoders take: 8-bit 4:2:0, progressive, of limited range, upright.
///
/// Pictures that are so already pass without a copy. For one thread at a time, and for one track: how its pictures
/// must be turned is told with some of them only and holds for all that follow.
public final class PictureNormalizer {
    private var graph: FilterGraph?
    private var turn: FilterGraph.Turn?

    public init() {}

    /// - Returns: Mostly one picture. An interlaced one waits for the next, which says how things move; the rate of
    ///   pictures stays.
    /// - Throws: `CodecFailure.converting` when a picture cannot be converted.
    public func normalize(_ picture: Picture) throws(CodecFailure) -> [Picture] {
        turn = FilterGraph.Turn(for: picture) ?? turn
        if let graph, graph.fits(picture, turn) { return try graph.filter(picture) }
        var pictures = finish()
        guard let steps = FilterGraph.steps(for: picture, turn) else { return pictures + [picture] }
        let graph = try FilterGraph(for: picture, turn, steps: steps)
        self.graph = graph
        pictures += try graph.filter(picture)
        return pictures
    }

    /// Brings out what waits.
    public func finish() -> [Picture] {
        defer { graph = nil }
        return graph?.finish() ?? []
    }
}
