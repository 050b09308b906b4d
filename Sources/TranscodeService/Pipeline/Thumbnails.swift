import Bytes
import Codecs
import Media
import Packaging
import Synchronization

/// Still pictures on their way to the store: each is named by the segment that its picture is in, once that is known.
struct Thumbnails {
    private var pending: Bytes?
    /// The segment of the newest one: none has two.
    private var newestNumber: Int64?

    mutating func add(_ jpeg: Bytes) { pending = jpeg }

    /// What to store and to announce, usually nothing.
    ///
    /// - Parameter number: The segment that is open.
    mutating func outputs(inSegment number: Int64?) -> [PackagerOutput] {
        guard let jpeg = pending, let number, number > newestNumber ?? -1 else { return [] }
        pending = nil
        newestNumber = number
        let name = TimelineEvent.thumbnailName(number)
        return [
            .store(StoredObject(kind: .thumbnail, name: name, chunks: [jpeg])), .announce(.thumbnail(number)),
        ]
    }
}

/// Makes still pictures of a source that nobody decodes: of a key frame now and then, on a thread of its own.
final class KeyframeStills: Sendable {
    static let width = 320
    static let quality = 75

    private struct State {
        var takenAt: Int64?
        var made: Bytes?
    }

    private let state = Mutex(State())
    private let thread: CodecThread
    private let intervalMilliseconds: Int64

    /// - Parameter intervalMilliseconds: How far pictures are apart at least, in media time.
    init(intervalMilliseconds: Int64) {
        self.intervalMilliseconds = intervalMilliseconds
        thread = CodecThread(name: "sluice-still")
    }

    /// Takes a frame of the source; most are let go at once.
    func offer(_ frame: Frame) {
        guard frame.isKeyframe, case .avc(let configuration) = frame.track.configuration else { return }
        let interval = intervalMilliseconds * 90
        let isDue = state.withLock { state in
            if let takenAt = state.takenAt, (0..<interval).contains(frame.presentationTime - takenAt) { return false }
            state.takenAt = frame.presentationTime
            return true
        }
        guard isDue else { return }
        thread.run {
            // A picture that cannot be decoded makes no thumbnail; whoever plays the stream sees that it is broken.
            guard let made = try? Self.jpeg(of: frame, configuration) else { return }
            self.state.withLock { $0.made = made }
        }
    }

    /// The newest picture, once.
    func take() -> Bytes? { state.withLock { $0.made.take() } }

    private static func jpeg(of frame: Frame, _ configuration: AVCConfiguration) throws(CodecFailure) -> Bytes? {
        let decoder = try VideoDecoder(configuration, threadCount: 1)
        let normalizer = PictureNormalizer()
        var pictures = try decoder.decode(frame)
        pictures += decoder.finish()
        guard let picture = pictures.first else { return nil }
        let normal = try normalizer.normalize(picture) + normalizer.finish()
        return try normal.first.map { picture throws(CodecFailure) in
            try StillImage.jpeg(of: picture, width: width, quality: quality)
        }
    }
}
