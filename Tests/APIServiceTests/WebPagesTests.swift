import APIService
import Foundation
import HTTP
import Testing

@Suite struct WebPagesTests {
    /// A folder with pages, and what it is served as.
    private func route(_ path: String) async throws -> Answer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let modules = folder.appending(path: "modules")
        try FileManager.default.createDirectory(at: modules, withIntermediateDirectories: true)
        for name in ["player.html", "dashboard.html", "style.css", "modules/format.js", ".hidden.html", "notes.txt"] {
            try Data(name.utf8).write(to: folder.appending(path: name))
        }
        var router = Router()
        WebPages(directory: folder.path).add(to: &router)
        return Answer(await router.respond(to: HTTPRequest(method: .get, path: path, peerAddress: "192.0.2.1")))
    }

    @Test(arguments: [("/player.html", "frame-ancestors *"), ("/dashboard.html", "frame-ancestors 'none'")])
    func `no page runs a script that stands in it, and only the player is shown in frames`(
        path: String, frames: String
    ) async throws {
        let policy = try #require(try await route(path).fields["content-security-policy"])
        #expect(policy.contains("script-src 'self';"))
        #expect(policy.contains("style-src 'self';"))
        #expect(!policy.contains("unsafe"))
        #expect(policy.contains(frames))
    }

    @Test func `the first page is the player`() async throws {
        let first = try await route("/")
        #expect(first.status == 200)
        #expect(try #require(first.fields["content-security-policy"]).contains("media-src * blob:"))
    }

    @Test(arguments: [
        ("/modules/format.js", "text/javascript; charset=utf-8"), ("/style.css", "text/css; charset=utf-8"),
    ])
    func `what pages load has its type and is never taken for another`(path: String, type: String) async throws {
        let file = try await route(path)
        #expect(file.fields["content-type"] == type)
        #expect(file.fields["x-content-type-options"] == "nosniff")
        #expect(file.fields["content-security-policy"] == nil)
    }

    @Test(arguments: ["/.hidden.html", "/notes.txt", "/modules", "/modules/"])
    func `other files are not there`(path: String) async throws {
        #expect(try await route(path).status == 404)
    }
}
