public import HTTP
public import StreamingCore

/// The addresses that are given out to encoders and players.
///
/// The host is the configured one. Without one it is the host that the client itself used to reach us, because that is
/// the one name of which we know that it leads here.
public struct PublicURLs: Sendable {
    private let host: String?
    private let httpScheme: String
    private let httpPort: Int
    private let rtmpScheme: String
    private let rtmpPort: Int

    /// - Parameters:
    ///   - host: A host name or address without a port; `nil` takes the client's.
    ///   - httpScheme: `http`, or `https` where a proxy in front of us has a certificate.
    ///   - httpPort: Where players connect.
    ///   - rtmpScheme: `rtmp`, or `rtmps` likewise.
    ///   - rtmpPort: Where encoders connect.
    public init(
        host: String?, httpScheme: String = "http", httpPort: Int, rtmpScheme: String = "rtmp", rtmpPort: Int
    ) {
        self.httpScheme = httpScheme
        self.rtmpScheme = rtmpScheme
        self.host = host.map { $0.contains(":") && !$0.hasPrefix("[") ? "[\($0)]" : $0 }
        self.httpPort = httpPort
        self.rtmpPort = rtmpPort
    }

    /// The addresses for one client.
    ///
    /// - Parameter request: What it asked; `nil` when nobody asked, and `localhost` must do.
    public func addresses(for request: HTTPRequest?) -> Addresses {
        if let host { return addresses(authority(host), rtmpHost: host) }
        guard let named = request?.fields["host"], let name = Self.hostName(of: named) else {
            return addresses(authority("localhost"), rtmpHost: "localhost")
        }
        return addresses(named, rtmpHost: String(name))
    }

    private func addresses(_ authority: String, rtmpHost: String) -> Addresses {
        Addresses(web: "\(httpScheme)://\(authority)", ingestServer: "\(rtmpScheme)://\(rtmpHost):\(rtmpPort)/live")
    }

    private func authority(_ host: String) -> String {
        httpPort == (httpScheme == "https" ? 443 : 80) ? host : "\(host):\(httpPort)"
    }

    /// The host of a `Host` field; `nil` unless it is a name or address and nothing else, with or without a port.
    private static func hostName(of field: String) -> Substring? {
        guard field.utf8.count <= 255, field.utf8.allSatisfy(isHostCharacter) else { return nil }
        let name: Substring
        if field.hasPrefix("[") {
            guard let end = field.firstIndex(of: "]") else { return nil }
            name = field[...end]
        } else {
            name = field.prefix { $0 != ":" }
        }
        let port = field[name.endIndex...]
        guard !name.isEmpty, port.isEmpty || port.hasPrefix(":") && UInt16(port.dropFirst()) != nil else { return nil }
        return name
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }

    /// The addresses under one host.
    public struct Addresses: Sendable {
        /// The start of every page, `http://host:port`, without a slash.
        public let web: String
        /// What OBS calls the server; the key goes into a field of its own.
        public let ingestServer: String

        fileprivate init(web: String, ingestServer: String) {
            self.web = web
            self.ingestServer = ingestServer
        }

        public func hls(_ stream: StreamID) -> String { "\(web)/hls/\(stream)/master.m3u8" }

        public func dash(_ stream: StreamID) -> String { "\(web)/dash/\(stream)/manifest.mpd" }

        /// Of a recording, by the number of its first segment.
        func hls(_ stream: StreamID, recording number: Int64) -> String {
            "\(web)/hls/\(stream)/recording-\(number).m3u8"
        }

        /// As ``hls(_:recording:)``.
        func dash(_ stream: StreamID, recording number: Int64) -> String {
            "\(web)/dash/\(stream)/recording-\(number).mpd"
        }

        /// As ``hls(_:)``, with a signature of ``PlaybackSigner``.
        func hls(_ stream: StreamID, signature: String) -> String {
            "\(web)/hls/\(stream)/\(signature)/master.m3u8"
        }

        /// As ``dash(_:)``, with a signature of ``PlaybackSigner``.
        func dash(_ stream: StreamID, signature: String) -> String {
            "\(web)/dash/\(stream)/\(signature)/manifest.mpd"
        }

        /// What FFmpeg publishes to. It contains the key: it is as secret as the key is.
        public func ingest(_ key: Secret) -> String { "\(ingestServer)/\(key.reveal())" }
    }
}
