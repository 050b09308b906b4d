/// Builds the value of `Cache-Control` (RFC 9111, 5.2.2; RFC 8246; RFC 5861).
public struct CacheControl: Sendable, Equatable {
    /// Who may keep a response.
    public enum Audience: String, Sendable {
        /// Everybody, a CDN too.
        case everyone = "public"
        /// The viewer's own cache only.
        case viewer = "private"
    }

    public var audience: Audience?
    /// How long it is fresh, in seconds.
    public var maxAgeSeconds: Int?
    /// How long it is fresh in a shared cache, in seconds, where that differs.
    public var sharedMaxAgeSeconds: Int?
    /// The bytes under this URL never change: no revalidation while fresh.
    public var isImmutable = false
    /// Revalidate before every use.
    public var noCache = false
    /// Never use it stale.
    public var mustRevalidate = false
    /// Seconds for which a stale response may be used while a new one is fetched.
    public var staleWhileRevalidateSeconds: Int?
    /// Seconds for which a stale response may be used when the origin fails.
    public var staleIfErrorSeconds: Int?

    public init(_ audience: Audience? = .everyone, maxAgeSeconds: Int? = nil) {
        self.audience = audience
        self.maxAgeSeconds = maxAgeSeconds
    }

    /// Kept by nobody.
    public static let noStore = "no-store"

    /// For bytes whose name never names anything else: a year, the longest that caches honour.
    public static let forever: CacheControl = {
        var control = CacheControl(.everyone, maxAgeSeconds: 31_536_000)
        control.isImmutable = true
        return control
    }()

    /// The field value.
    public var value: String {
        var directives: [String] = []
        if let audience { directives.append(audience.rawValue) }
        if noCache { directives.append("no-cache") }
        if let maxAgeSeconds { directives.append("max-age=\(maxAgeSeconds)") }
        if let sharedMaxAgeSeconds { directives.append("s-maxage=\(sharedMaxAgeSeconds)") }
        if mustRevalidate { directives.append("must-revalidate") }
        if isImmutable { directives.append("immutable") }
        if let staleWhileRevalidateSeconds {
            directives.append("stale-while-revalidate=\(staleWhileRevalidateSeconds)")
        }
        if let staleIfErrorSeconds { directives.append("stale-if-error=\(staleIfErrorSeconds)") }
        return directives.joined(separator: ", ")
    }
}
