import Bytes
import Compression
import HTTP
import Packaging
import Synchronization

/// A playlist or manifest of one state of a stream: rendered once, compressed once, and shared by all who get it.
///
/// Whoever asks first does the work, and those who ask meanwhile wait for it: they would need as long to do it again.
final class RenderedDocument: Sendable {
    /// What is rendered from a window.
    enum Kind: Hashable {
        case master(HLSContainer)
        case media(rendition: String, HLSContainer, MediaPlaylist.Delta?)
        case keyframes(rendition: String)
        case manifest

        /// The rendition that it shows; `nil` for all of them.
        var rendition: String? {
            switch self {
            case .media(let rendition, _, _), .keyframes(let rendition): rendition
            case .master, .manifest: nil
            }
        }
    }

    /// How long caches may keep an answer (RFC 8216bis, B.1).
    enum Caching: Hashable {
        /// It is asked for by its name alone, and changes: half a target duration.
        case plain
        /// It contains what the query asked for, and will do so forever: six target durations.
        case satisfied
        /// It does not contain what the query asked for, which the next answer may.
        case unchanged
    }

    /// One of the answers that a document gives.
    struct Form: Hashable {
        let coding: ContentCoding
        let caching: Caching
    }

    private enum State {
        /// Becomes `rendered` when first asked for.
        case window(LiveWindow)
        case rendered(Content?)
    }

    fileprivate struct Content {
        let bytes: Bytes
        let tag: String
        let durationSeconds: Int
        /// `.some(nil)` when compressing brings nothing.
        var compressed: Bytes??
        var forms: [Form: HTTPRepresentation] = [:]
    }

    let kind: Kind
    private let state: Mutex<State>

    init(_ kind: Kind, of window: LiveWindow) {
        self.kind = kind
        state = Mutex(.window(window))
    }

    /// The answer in one form; `nil` when the window has no such document.
    func representation(_ form: Form) -> HTTPRepresentation? {
        state.withLock { state -> HTTPRepresentation? in
            var content: Content
            switch state {
            case .rendered(nil): return nil
            case .rendered(let known?): content = known
            case .window(let window):
                guard let made = render(window) else {
                    state = .rendered(nil)
                    return nil
                }
                content = made
                state = .rendered(made)
            }
            if let known = content.forms[form] { return known }
            let made = content.represent(form, as: mediaType)
            content.forms[form] = made
            state = .rendered(content)
            return made
        }
    }

    /// Whether the window has it.
    var exists: Bool { representation(Form(coding: .identity, caching: .plain)) != nil }

    private var mediaType: String {
        switch kind {
        case .master, .media, .keyframes: MediaType.hlsPlaylist
        case .manifest: MediaType.dashManifest
        }
    }

    private func render(_ window: LiveWindow) -> Content? {
        let bytes =
            switch kind {
            case .master(let container): MasterPlaylist.render(window, container: container)
            case .media(let rendition, let container, let delta):
                MediaPlaylist.render(window, rendition: rendition, container: container, delta: delta)
            case .keyframes(let rendition): IFramePlaylist.render(window, rendition: rendition)
            case .manifest: DASHManifest.render(window)
            }
        guard let bytes, let targets = window.targets else { return nil }
        return Content(bytes: bytes, tag: Self.tag(of: [bytes]), durationSeconds: targets.durationSeconds)
    }

    /// A name for the bytes, the same in every replica: FNV-1a, 64 bits.
    static func tag(of bytes: [Bytes]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes.joined() { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}

extension RenderedDocument.Content {
    fileprivate mutating func represent(_ form: RenderedDocument.Form, as type: String) -> HTTPRepresentation {
        var fields: HTTPFields = ["vary": "Accept-Encoding"]
        var (body, tag) = (bytes, tag)
        if form.coding == .gzip, let compressed = gzipped() {
            body = compressed
            // Other bytes are another representation (RFC 9110, 8.8.3.3).
            tag += "-gzip"
            fields.set("content-encoding", ContentCoding.gzip.rawValue)
        }
        return HTTPRepresentation(
            body: [body], contentType: type, etag: EntityTag(tag), cacheControl: cacheControl(form.caching),
            fields: fields)
    }

    private mutating func gzipped() -> Bytes? {
        if let compressed { return compressed }
        var made: Bytes?
        if bytes.count >= DeliveryLimits.compressedBytesMin { made = Gzip.compress(bytes) }
        if let length = made?.count, length >= bytes.count { made = nil }
        compressed = .some(made)
        return made
    }

    private func cacheControl(_ caching: RenderedDocument.Caching) -> String {
        switch caching {
        // In whole seconds, as the field has it. That holds after the end too: the next broadcast has the same
        // addresses, and who got its segments from a cache and its playlist from here would see nothing.
        case .plain: return CacheControl(maxAgeSeconds: max(1, durationSeconds / 2)).value
        case .satisfied: return CacheControl(maxAgeSeconds: durationSeconds * 6).value
        case .unchanged:
            var control = CacheControl()
            control.noCache = true
            return control.value
        }
    }
}
