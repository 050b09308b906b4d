import Bytes
import Foundation
public import HTTP

/// The pages that people look at: files of the folder `web/`, read once at start.
public struct WebPages: Sendable {
    /// The largest file to serve, in bytes.
    public static let fileBytesMax = 8 << 20
    /// The most files to serve.
    public static let filesMax = 256

    private let pages: [String: HTTPRepresentation]

    /// Reads the folder and those below it. Hidden files and files of unknown kinds are left out.
    ///
    /// Blocks; to be called at start.
    public init(directory: String) {
        var pages: [String: HTTPRepresentation] = [:]
        let walker = FileManager.default.enumerator(atPath: directory)
        while let name = walker?.nextObject() as? String, pages.count < Self.filesMax {
            guard !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }),
                let type = Self.mediaType(of: name),
                let data = FileManager.default.contents(atPath: directory + "/" + name), data.count <= Self.fileBytesMax
            else { continue }
            pages["/" + name] = Self.representation(of: Bytes([UInt8](data)), type: type, path: "/" + name)
        }
        pages["/"] = pages[PageSecurity.player]
        self.pages = pages
    }

    /// Whether there is a page to show at `/`.
    public var hasPlayer: Bool { pages["/"] != nil }

    /// Adds a route for each page.
    public func add(to router: inout Router) {
        for (path, page) in pages { router.on(.get, path) { request, _ in page.response(to: request) } }
    }

    private static func representation(of bytes: Bytes, type: String, path: String) -> HTTPRepresentation {
        let digest = SHA256.hash(bytes).prefix(8).map { String($0, radix: 16) }.joined(separator: "-")
        var fields = type == MediaType.html ? PageSecurity.fields(path: path) : HTTPFields()
        fields.append("x-content-type-options", "nosniff")
        var control = CacheControl(maxAgeSeconds: 0)
        control.noCache = true
        return HTTPRepresentation(
            body: [bytes], contentType: type, etag: EntityTag(digest), lastModifiedUnixSeconds: nil,
            cacheControl: control.value, fields: fields)
    }

    private static func mediaType(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "html": MediaType.html
        case "css": MediaType.css
        case "js", "mjs": MediaType.javaScript
        case "json", "map": MediaType.json
        case "svg": MediaType.svg
        case "png": MediaType.png
        case "ico": MediaType.icon
        default: nil
        }
    }
}
