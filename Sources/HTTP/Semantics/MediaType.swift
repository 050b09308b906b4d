/// The media types that Sluice serves.
public enum MediaType {
    /// HLS playlists (RFC 8216, 10); iOS plays nothing that is called otherwise.
    public static let hlsPlaylist = "application/vnd.apple.mpegurl"
    /// DASH manifests (ISO/IEC 23009-1, annex C).
    public static let dashManifest = "application/dash+xml"
    public static let videoMP4 = "video/mp4"
    /// Audio without video, also when the file is the same format.
    public static let audioMP4 = "audio/mp4"
    public static let videoMPEGTS = "video/mp2t"
    public static let webVTT = "text/vtt; charset=utf-8"
    public static let json = "application/json"
    public static let problem = "application/problem+json"
    public static let html = "text/html; charset=utf-8"
    public static let css = "text/css; charset=utf-8"
    public static let javaScript = "text/javascript; charset=utf-8"
    public static let plainText = "text/plain; charset=utf-8"
    /// Metrics as Prometheus scrapes them.
    public static let prometheus = "text/plain; version=0.0.4; charset=utf-8"
    public static let svg = "image/svg+xml"
    public static let jpeg = "image/jpeg"
    public static let png = "image/png"
    public static let icon = "image/x-icon"
    public static let octetStream = "application/octet-stream"
}
