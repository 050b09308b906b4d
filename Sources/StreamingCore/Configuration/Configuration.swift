public import Bytes

/// Everything that an operator can set, read once at start.
///
/// Values come from the environment, over an optional `.env` file in the working directory. Every variable has a
/// default that fits one machine. All mistakes are reported together.
public struct Configuration: Sendable {
    /// Where encoders connect. `RTMP_PORT`
    public var rtmpPort: Int
    /// Where viewers, pages and the API connect. `HTTP_PORT`
    public var httpPort: Int
    /// The address to listen on; `*` is every address of the machine. `BIND_ADDRESS`
    public var bindAddress: String
    /// Where metrics are; `nil` where they are wherever the process has a place for them. `METRICS_PORT`
    public var metricsPort: Int?
    /// The address that this port listens on; `nil` is ``bindAddress``. `METRICS_ADDRESS`
    public var metricsAddress: String?
    /// The host name in the URLs that are given out; `nil` takes the name that the client used. `PUBLIC_HOST`
    public var publicHost: String?
    /// `http` or `https`, for players' addresses that are given out. `PUBLIC_HTTP_SCHEME`
    public var publicHTTPScheme: String
    /// The port of players' addresses that are given out; `nil` is our own. `PUBLIC_HTTP_PORT`
    public var publicHTTPPort: Int?
    /// `rtmp` or `rtmps`, for encoders' addresses that are given out. `PUBLIC_RTMP_SCHEME`
    public var publicRTMPScheme: String
    /// The port of encoders' addresses that are given out; `nil` is our own. `PUBLIC_RTMP_PORT`
    public var publicRTMPPort: Int?
    /// Where the database and spilled segments are. `DATA_DIR`
    public var dataDirectory: String
    /// Where the pages are. `WEB_DIR`
    public var webDirectory: String
    /// The API's bearer token; `nil` has one made. `ADMIN_TOKEN`
    public var adminToken: Secret?
    /// The bearer token of those who may read everything but keys. `VIEWER_TOKEN`
    public var viewerToken: Secret?
    /// What an address may ask of the API in a minute; `nil` is any number. `API_REQUESTS_PER_MINUTE`
    public var apiRequestsPerMinute: Int?
    /// Proxies that are believed when they tell who asks. `TRUSTED_PROXIES`
    public var trustedProxies: [AddressPrefix]
    /// What playback is signed with; `nil` lets everybody play. `PLAYBACK_SECRET`
    public var playbackSecret: Secret?
    /// Who is told when broadcasts begin and end. `WEBHOOK_URLS`
    public var webhookAddresses: [String]
    /// What webhooks are signed with. `WEBHOOK_SECRET`
    public var webhookSecret: Secret?
    /// What is logged. `LOG_LEVEL`
    public var logLevel: LogLevel
    /// The target duration of a segment, in milliseconds. `SEGMENT_SECONDS`
    public var segmentMilliseconds: Int64
    /// The target duration of a part, in milliseconds. `PART_SECONDS`
    public var partMilliseconds: Int64
    /// How far back a viewer can seek, in milliseconds. `DVR_SECONDS`
    public var windowMilliseconds: Int64
    /// The renditions to make where no quality levels are stored; none passes the source on alone. `LADDER`, and
    /// `LADDER_HALVE_FPS` for its frame rates
    public var ladder: QualityLadder
    /// Whether the highest rendition may be a copy of the source. `LADDER_TOP`
    public var ladderTop: LadderTop
    /// What encodes video. `ENCODER`
    public var encoder: EncoderChoice
    /// How much work libx264 does. `X264_PRESET`
    public var x264Preset: X264Preset
    /// What encoded sound gets, in bits per second. `AUDIO_KBITS`
    public var audioBitsPerSecond: Int
    /// The time between still pictures, in milliseconds; `nil` makes none. `THUMBNAIL_SECONDS`
    public var thumbnailMilliseconds: Int64?
    /// How far transcoding may fall behind before it makes less, in milliseconds. `TRANSCODE_LAG_SECONDS`
    public var transcodeLagMilliseconds: Int64
    /// How long transcoding may stand still before the source is passed on alone, in milliseconds.
    /// `TRANSCODE_STALL_SECONDS`
    public var transcodeStallMilliseconds: Int64
    /// The share of all cores that transcoding may use before further streams are passed on without it, up to 1.
    /// `TRANSCODE_LOAD_MAX`
    public var transcodeLoadMax: Double
    /// How many streams are encoded at once; `nil` leaves it to the load. `TRANSCODE_STREAMS_MAX`
    public var transcodeStreamsMax: Int?
    /// How much memory segments may take before the oldest go to disk, in bytes. `SEGMENT_MEMORY_MB`
    public var segmentMemoryBytes: Int
    /// How long a stream waits for its encoder to come back, in milliseconds. `RECONNECT_GRACE_SECONDS`
    public var reconnectGraceMilliseconds: Int64
    /// How long an RTMP connection may be silent, in milliseconds. `RTMP_IDLE_SECONDS`
    public var rtmpIdleMilliseconds: Int64
    /// How long the bytes of a publisher may wait to be read together, in milliseconds; 0 reads each as it comes.
    /// `RTMP_READ_INTERVAL_SECONDS`
    public var rtmpReadIntervalMilliseconds: Int64
    /// How many RTMP connections are served at once. `RTMP_CONNECTIONS_MAX`
    public var rtmpConnectionsMax: Int
    /// The kernel's receive buffer of an RTMP connection, in bytes; 0 leaves it to the kernel. `RTMP_RECEIVE_BUFFER`
    public var rtmpReceiveBufferBytes: Int
    /// How many HTTP connections are served at once. `HTTP_CONNECTIONS_MAX`
    public var httpConnectionsMax: Int
    /// How many HTTP connections one address may have at once. `HTTP_CONNECTIONS_PER_ADDRESS_MAX`
    public var httpConnectionsPerAddressMax: Int
    /// Origins whose pages may read our responses; empty means every origin. `CORS_ORIGINS`
    public var corsOrigins: [String]
    /// How many viewers are served at once. `VIEWER_SESSIONS_MAX`
    public var viewerSessionsMax: Int
    /// Whether players that name no session are given a cookie. `VIEWER_COOKIES`
    public var offersViewerCookies: Bool
    /// How many event loops run; 0 is one per core. `EVENT_LOOPS`
    public var eventLoopCount: Int
    /// How long a shutdown may take before connections are cut, in milliseconds. `SHUTDOWN_GRACE_SECONDS`
    public var shutdownGraceMilliseconds: Int64
    /// Where encoders are asked to go when one of several ingest processes ends; `nil` is the address that they used.
    /// `RTMP_RECONNECT_URL`
    public var reconnectURL: String?
    /// Where state is kept that several processes share.
    public var backends: BackendConfiguration

    /// - Parameters:
    ///   - environment: The process's environment.
    ///   - dotEnv: The text of a `.env` file; what the environment sets wins.
    ///   - reading: Reads the file of a secret; see ``secretNames``.
    public init(
        environment: [String: String], dotEnv: String? = nil,
        reading: (String) -> String? = { _ in nil }
    ) throws(ConfigurationFailure) {
        let file = DotEnv(dotEnv ?? "")
        let secrets = SecretFiles(
            file.values.merging(environment) { _, outer in outer }, names: Self.secretNames, reading: reading)
        var reader = ConfigurationReader(values: secrets.values)
        rtmpPort = reader.read(Variables.rtmpPort)
        httpPort = reader.read(Variables.httpPort)
        bindAddress = reader.read(Variables.bindAddress)
        metricsPort = reader.read(Variables.metricsPort)
        metricsAddress = reader.read(Variables.metricsAddress)
        publicHost = reader.read(Variables.publicHost)
        publicHTTPScheme = reader.read(Variables.publicHTTPScheme)
        publicHTTPPort = Self.unlessZero(reader.read(Variables.publicHTTPPort))
        publicRTMPScheme = reader.read(Variables.publicRTMPScheme)
        publicRTMPPort = Self.unlessZero(reader.read(Variables.publicRTMPPort))
        dataDirectory = reader.read(Variables.dataDirectory)
        webDirectory = reader.read(Variables.webDirectory)
        adminToken = reader.read(Variables.adminToken)
        viewerToken = reader.read(Variables.viewerToken)
        apiRequestsPerMinute = Self.unlessZero(reader.read(Variables.apiRequestsPerMinute))
        trustedProxies = reader.read(Variables.trustedProxies)
        playbackSecret = reader.read(Variables.playbackSecret)
        webhookAddresses = reader.read(Variables.webhookURLs)
        webhookSecret = reader.read(Variables.webhookSecret)
        logLevel = reader.read(Variables.logLevel)
        segmentMilliseconds = reader.read(Variables.segmentSeconds)
        partMilliseconds = reader.read(Variables.partSeconds)
        windowMilliseconds = reader.read(Variables.dvrSeconds)
        let ladder = reader.read(Variables.ladder)
        self.ladder =
            reader.read(Variables.ladderHalveFPS) ? ladder.limitingFrameRates(to: 30, upToHeight: 480) : ladder
        ladderTop = reader.read(Variables.ladderTop)
        encoder = reader.read(Variables.encoder)
        x264Preset = reader.read(Variables.x264Preset)
        audioBitsPerSecond = reader.read(Variables.audioKilobits) * 1000
        thumbnailMilliseconds = Self.unlessZero(reader.read(Variables.thumbnailSeconds))
        transcodeLagMilliseconds = reader.read(Variables.transcodeLag)
        transcodeStallMilliseconds = reader.read(Variables.transcodeStall)
        transcodeLoadMax = reader.read(Variables.transcodeLoadMax)
        transcodeStreamsMax = Self.unlessZero(reader.read(Variables.transcodeStreamsMax))
        segmentMemoryBytes = reader.read(Variables.segmentMemory) << 20
        reconnectGraceMilliseconds = reader.read(Variables.reconnectGrace)
        rtmpIdleMilliseconds = reader.read(Variables.rtmpIdle)
        rtmpReadIntervalMilliseconds = reader.read(Variables.rtmpReadInterval)
        rtmpConnectionsMax = reader.read(Variables.rtmpConnectionsMax)
        rtmpReceiveBufferBytes = reader.read(Variables.rtmpReceiveBuffer)
        httpConnectionsMax = reader.read(Variables.httpConnectionsMax)
        httpConnectionsPerAddressMax = reader.read(Variables.httpConnectionsPerAddressMax)
        corsOrigins = reader.read(Variables.corsOrigins)
        viewerSessionsMax = reader.read(Variables.viewerSessionsMax)
        offersViewerCookies = reader.read(Variables.viewerCookies)
        eventLoopCount = reader.read(Variables.eventLoops)
        shutdownGraceMilliseconds = reader.read(Variables.shutdownGrace)
        reconnectURL = reader.read(Variables.reconnectURL)
        backends = BackendConfiguration(&reader)
        var mistakes = file.mistakes + secrets.mistakes + reader.mistakes
        if mistakes.isEmpty { mistakes = contradictions }
        guard mistakes.isEmpty else { throw ConfigurationFailure(mistakes: mistakes) }
    }

    private static func unlessZero<Number: BinaryInteger>(_ number: Number) -> Number? { number == 0 ? nil : number }

    /// What is wrong between values that are right one by one.
    private var contradictions: [ConfigurationMistake] {
        var found: [ConfigurationMistake] = []
        if rtmpPort == httpPort && rtmpPort != 0 {
            found.append(
                ConfigurationMistake(variable: "RTMP_PORT", reason: "must differ from HTTP_PORT (\(httpPort))"))
        }
        if let viewerToken, viewerToken == adminToken {
            found.append(ConfigurationMistake(variable: "VIEWER_TOKEN", reason: "must differ from ADMIN_TOKEN"))
        }
        if let metricsPort, metricsPort != 0, [rtmpPort, httpPort].contains(metricsPort) {
            found.append(
                ConfigurationMistake(variable: "METRICS_PORT", reason: "must differ from RTMP_PORT and HTTP_PORT"))
        }
        if !webhookAddresses.isEmpty, webhookSecret == nil {
            found.append(ConfigurationMistake(variable: "WEBHOOK_SECRET", reason: "must be set with WEBHOOK_URLS"))
        }
        if partMilliseconds > segmentMilliseconds {
            found.append(ConfigurationMistake(variable: "PART_SECONDS", reason: "must not be above SEGMENT_SECONDS"))
        }
        if windowMilliseconds < segmentMilliseconds * 5 {
            found.append(ConfigurationMistake(variable: "DVR_SECONDS", reason: "must hold at least 5 segments"))
        }
        if windowMilliseconds > segmentMilliseconds * Self.windowSegmentsMax {
            found.append(
                ConfigurationMistake(
                    variable: "DVR_SECONDS", reason: "must hold at most \(Self.windowSegmentsMax) segments"))
        }
        return found + backends.contradictions
    }

    /// The most segments that a window lists: twelve hours of two seconds.
    public static let windowSegmentsMax: Int64 = 21_600
}

extension Configuration {
    /// Every variable with its default and its line of help, in the order of the documentation.
    public static var help: [(name: String, fallback: String, help: String)] { Variables.help }

    /// The variables that may come in a file, which `NAME_FILE` names in place of `NAME`.
    public static var secretNames: [String] { Variables.secretNames }
}
