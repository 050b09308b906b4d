import HTTP

/// What a page may load and who may show it in a frame (CSP level 3): scripts and styles are files of ours, never text
/// in a page, so that nothing which an attacker gets into a page can run.
enum PageSecurity {
    /// The fields of a page.
    ///
    /// - Parameter path: The page's path, as `/player.html`.
    static func fields(path: String) -> HTTPFields {
        var fields = HTTPFields()
        fields.append(
            "content-security-policy", (always + (path == player ? viewers : operators)).joined(separator: "; "))
        fields.append("referrer-policy", "no-referrer")
        return fields
    }

    /// The page for viewers, which other sites may show in a frame.
    static let player = "/player.html"

    private static let always = [
        "default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'", "base-uri 'none'",
        "form-action 'self'",
    ]
    /// Players feed the video by `blob:` and work in workers of that kind. What is played may come from anywhere.
    private static let viewers = [
        "img-src 'self' data: blob:", "media-src * blob:", "connect-src * ws: wss:", "worker-src 'self' blob:",
        "frame-ancestors *",
    ]
    /// Somebody who is signed in could be made to press buttons in a frame. `'self'` is the WebSocket, too.
    private static let operators = [
        "img-src 'self' data:", "connect-src 'self'", "frame-src 'self'", "frame-ancestors 'none'",
    ]
}
