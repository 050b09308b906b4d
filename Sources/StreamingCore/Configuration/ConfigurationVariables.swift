/// The variables, each with its default, its help and its rules: the single source of `--help` and `.env.example`.
enum Variables {
    static let rtmpPort = ConfigurationVariable<Int>.number(
        "RTMP_PORT", 1935, in: 0...65_535, "port that encoders publish to over RTMP (0 takes a free one)")
    static let httpPort = ConfigurationVariable<Int>.number(
        "HTTP_PORT", 8080, in: 0...65_535, "port for players, pages and the API (0 takes a free one)")
    static let bindAddress = ConfigurationVariable<String>.text(
        "BIND_ADDRESS", "*", "address to listen on; * is every IPv4 and IPv6 address")
    static let publicHost = ConfigurationVariable<String?>(
        name: "PUBLIC_HOST", fallback: "", help: "host name in the URLs that are given out; empty takes the client's"
    ) { text throws(ConfigurationReason) in
        guard text.utf8.allSatisfy({ hostCharacters.contains($0) }) else {
            throw ConfigurationReason("must be a host name without scheme, port or path, not '\(text)'")
        }
        return text.isEmpty ? nil : text
    }
    static let publicHTTPScheme = ConfigurationVariable<String>.choice(
        "PUBLIC_HTTP_SCHEME", "http", [("http", "http"), ("https", "https")],
        "scheme of players' addresses that are given out: https where a proxy in front has a certificate")
    static let publicHTTPPort = ConfigurationVariable<Int>.number(
        "PUBLIC_HTTP_PORT", 0, in: 0...65_535, "port of players' addresses that are given out; 0 is HTTP_PORT")
    static let publicRTMPScheme = ConfigurationVariable<String>.choice(
        "PUBLIC_RTMP_SCHEME", "rtmp", [("rtmp", "rtmp"), ("rtmps", "rtmps")],
        "scheme of encoders' addresses that are given out: rtmps where a proxy in front has a certificate")
    static let publicRTMPPort = ConfigurationVariable<Int>.number(
        "PUBLIC_RTMP_PORT", 0, in: 0...65_535, "port of encoders' addresses that are given out; 0 is RTMP_PORT")
    static let dataDirectory = ConfigurationVariable<String>.text(
        "DATA_DIR", "./data", "folder for the database and for segments that do not fit in memory")
    static let webDirectory = ConfigurationVariable<String>.text("WEB_DIR", "./web", "folder with the pages")
    static let adminToken = ConfigurationVariable<Secret?>.token(
        "ADMIN_TOKEN",
        "bearer token of the API, better 16 characters or more; empty has one made, kept in DATA_DIR and printed")
    static let viewerToken = ConfigurationVariable<Secret?>.token(
        "VIEWER_TOKEN", "bearer token of those who may read everything but keys; empty is none")
    static let apiRequestsPerMinute = ConfigurationVariable<Int>.number(
        "API_REQUESTS_PER_MINUTE", 100, in: 0...1_000_000,
        "what an address may ask of the API in a minute, with the admin token 60 times as much; 0 is any number")
    static let logLevel = ConfigurationVariable<LogLevel>.choice(
        "LOG_LEVEL", "info", LogLevel.allCases.map { ($0.rawValue, $0) },
        "what is logged: debug, info, warning or error")
    static let segmentSeconds = ConfigurationVariable<Int64>.seconds(
        "SEGMENT_SECONDS", "2", in: 1000...10_000, "target duration of a segment")
    static let partSeconds = ConfigurationVariable<Int64>.seconds(
        "PART_SECONDS", "0.333", in: 100...2000, "target duration of a part of a segment")
    static let dvrSeconds = ConfigurationVariable<Int64>.seconds(
        "DVR_SECONDS", "600", in: 10_000...86_400_000, "how far back viewers can seek")
    static let segmentMemory = ConfigurationVariable<Int>.number(
        "SEGMENT_MEMORY_MB", 512, in: 16...1_048_576, "memory for segments; older ones go to DATA_DIR")
    static let reconnectGrace = ConfigurationVariable<Int64>.seconds(
        "RECONNECT_GRACE_SECONDS", "15", in: 0...1_800_000, "how long a stream waits for its encoder to come back")
    static let rtmpIdle = ConfigurationVariable<Int64>.seconds(
        "RTMP_IDLE_SECONDS", "30", in: 1000...3_600_000, "how long an RTMP connection may be silent")
    static let rtmpReadInterval = ConfigurationVariable<Int64>.seconds(
        "RTMP_READ_INTERVAL_SECONDS", "0.04", in: 0...500,
        "how long a publisher's bytes may wait to be read together, which saves CPU; 0 reads each as it comes")
    static let rtmpConnectionsMax = ConfigurationVariable<Int>.number(
        "RTMP_CONNECTIONS_MAX", 1000, in: 1...1_000_000, "how many RTMP connections are served at once")
    static let rtmpReceiveBuffer = ConfigurationVariable<Int>.number(
        "RTMP_RECEIVE_BUFFER", 0, in: 0...67_108_864,
        "kernel receive buffer of an RTMP connection, in bytes; 0 is automatic")
    static let httpConnectionsMax = ConfigurationVariable<Int>.number(
        "HTTP_CONNECTIONS_MAX", 20_000, in: 1...1_000_000, "how many HTTP connections are served at once")
    static let httpConnectionsPerAddressMax = ConfigurationVariable<Int>.number(
        "HTTP_CONNECTIONS_PER_ADDRESS_MAX", 20_000, in: 1...1_000_000, "how many of them one address may have")
    static let corsOrigins = ConfigurationVariable<[String]>(
        name: "CORS_ORIGINS", fallback: "*",
        help: "origins whose pages may play, separated by commas; * is every origin"
    ) { text throws(ConfigurationReason) in
        guard text != "*" else { return [] }
        let origins = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        for origin in origins where !(origin.hasPrefix("http://") || origin.hasPrefix("https://")) {
            throw ConfigurationReason("must list origins such as https://example.org, not '\(origin)'")
        }
        return origins
    }
    static let viewerSessionsMax = ConfigurationVariable<Int>.number(
        "VIEWER_SESSIONS_MAX", 10_000, in: 1...1_000_000,
        "how many viewers a process serves at once; who begins to watch beyond that is told to come later")
    static let viewerCookies = ConfigurationVariable<Bool>.choice(
        "VIEWER_COOKIES", "auto", [("auto", true), ("off", false)],
        "whether players that name no session are given a cookie to be counted by: auto or off")
    static let eventLoops = ConfigurationVariable<Int>.number(
        "EVENT_LOOPS", 0, in: 0...256, "how many event loops run; 0 is one per core")
    static let shutdownGrace = ConfigurationVariable<Int64>.seconds(
        "SHUTDOWN_GRACE_SECONDS", "10", in: 0...3_600_000,
        "how long each step of a shutdown may take before connections are cut")
    static let reconnectURL = ConfigurationVariable<String?>(
        name: "RTMP_RECONNECT_URL", fallback: "",
        help: "where encoders are asked to go when one of several ingest processes ends; empty is the same address"
    ) { text throws(ConfigurationReason) in
        guard text.isEmpty || text.hasPrefix("rtmp://") || text.hasPrefix("rtmps://"), text.utf8.count <= 1024 else {
            throw ConfigurationReason("must begin with rtmp:// or rtmps://, not '\(text)'")
        }
        return text.isEmpty ? nil : text
    }

    static var secretNames: [String] {
        [
            adminToken.name, viewerToken.name, playbackSecret.name, webhookSecret.name, databaseURL.name,
            kafkaPassword.name, kafkaSchemaRegistry.name, redisURL.name, s3AccessKey.name, s3SecretKey.name,
            s3SessionToken.name,
        ]
    }

    static var help: [(name: String, fallback: String, help: String)] {
        func line<Value>(_ variable: ConfigurationVariable<Value>) -> (name: String, fallback: String, help: String) {
            (variable.name, variable.fallback, variable.help)
        }
        return [
            line(rtmpPort), line(httpPort), line(bindAddress), line(metricsPort), line(metricsAddress),
            line(publicHost), line(publicHTTPScheme), line(publicHTTPPort),
            line(publicRTMPScheme), line(publicRTMPPort), line(dataDirectory),
            line(webDirectory), line(adminToken), line(viewerToken), line(apiRequestsPerMinute),
        ] + accessHelp + [
            line(logLevel), line(segmentSeconds), line(partSeconds), line(dvrSeconds), line(ladder), line(ladderTop),
            line(ladderHalveFPS), line(encoder), line(x264Preset),
            line(audioKilobits), line(thumbnailSeconds), line(transcodeLag), line(transcodeStall),
            line(transcodeLoadMax), line(transcodeStreamsMax), line(segmentMemory), line(reconnectGrace),
            line(rtmpIdle), line(rtmpReadInterval), line(rtmpConnectionsMax), line(rtmpReceiveBuffer),
            line(httpConnectionsMax), line(httpConnectionsPerAddressMax), line(corsOrigins), line(viewerSessionsMax),
            line(viewerCookies), line(eventLoops), line(shutdownGrace), line(reconnectURL),
        ] + backendHelp
    }

    private static let hostCharacters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:".utf8)
}
