import APIService
import StreamingCore

/// What `sluice` prints when it is ready: where to publish and where to watch.
struct Announcement {
    let text: String

    init(_ assembly: Assembly, configuration: Configuration) async throws {
        let urls = assembly.publicURLs.addresses(for: nil)
        var lines = ["", "  Sluice \(Invocation.versionNumber) is ready.", ""]
        let title = try StreamTitle("My first stream")
        if let (stream, issued) = try await assembly.administration.createFirstStreamIfNone(title: title) {
            lines += [
                "  Publish    \(urls.ingest(issued.text))",
                "             in OBS: server \(urls.ingestServer), stream key \(issued.text.reveal())",
                "             (the key is shown this once; POST \(urls.web)/streams/\(stream.id)/keys makes another)",
            ]
            lines += Self.watch(stream.id, urls, configuration)
        } else if let stream = try await assembly.backends.streams.list(states: [], before: nil, limit: 1).first {
            lines += [
                "  Publish    \(urls.ingestServer)/<stream key>",
                "             a new key: curl -X POST -H 'Authorization: Bearer <token>' "
                    + "\(urls.web)/streams/\(stream.id)/keys",
            ]
            lines += Self.watch(stream.id, urls, configuration)
        }
        lines.append(
            "  API token  \(Self.shown(assembly.adminToken, configuration))")
        text = (lines + ["", ""]).joined(separator: "\n")
    }

    /// A token that was made here is shown; one that was configured is known.
    private static func shown(_ token: Secret?, _ configuration: Configuration) -> String {
        guard let token, configuration.adminToken == nil else { return "as in ADMIN_TOKEN" }
        return token.reveal()
    }

    private static func watch(
        _ stream: StreamID, _ urls: PublicURLs.Addresses, _ configuration: Configuration
    ) -> [String] {
        guard configuration.playbackSecret == nil else {
            return [
                "  Watch      with signed addresses, as PLAYBACK_SECRET is set: curl -X POST",
                "             -H 'Authorization: Bearer <token>' \(urls.web)/streams/\(stream)/playback-urls",
            ]
        }
        return [
            "  Watch      \(urls.web)/?stream=\(stream)", "  HLS        \(urls.hls(stream))",
            "  DASH       \(urls.dash(stream))",
        ]
    }
}
