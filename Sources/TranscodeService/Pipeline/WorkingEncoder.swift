import Codecs

/// Finds out once which encoder works on this machine, on a thread of its own: hardware is tried by using it.
actor WorkingEncoder {
    private let wanted: VideoEncoderKind?
    private var found: Task<VideoEncoderKind, Never>?

    /// - Parameter wanted: `nil` for whichever works.
    init(wanted: VideoEncoderKind?) { self.wanted = wanted }

    func kind() async -> VideoEncoderKind {
        if let found { return await found.value }
        let wanted = wanted
        // Shared by all who ask; it ends by itself.
        let search = Task {
            let thread = CodecThread(name: "sluice-probe")
            return await withCheckedContinuation { continuation in
                thread.run { continuation.resume(returning: VideoEncoderKind.working(wanted)) }
            }
        }
        found = search
        return await search.value
    }
}
