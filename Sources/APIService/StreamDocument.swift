import StreamingCore

/// A stream as JSON, in the form for whoever asks.
struct StreamDocument: Encodable {
    /// What the reader may see.
    enum View {
        /// What a player's page needs.
        case anybody
        /// With a token.
        case administrator
        /// The administrator who made the stream: with the key, this once.
        case creator(StreamAdministration.IssuedKey)

        var isCreator: Bool { if case .creator = self { true } else { false } }
    }

    let stream: Stream
    let addresses: PublicURLs.Addresses
    let view: View
    /// What is known of a broadcast that is on air.
    let status: BroadcastStatus?
    /// The newest second of a stream that is on air or watched.
    let current: LiveStatus.Current?

    private enum Member: String, CodingKey {
        case id, title, state, failure, viewers, metrics
        case hlsURL = "hls_url"
        case dashURL = "dash_url"
        case createdAt = "created_at"
        case changedAt = "changed_at"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case ingestServer = "ingest_server"
    }

    /// Members that have no value are there as `null`, so that every stream has the same members.
    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(stream.id.description, forKey: .id)
        try members.encode(stream.title, forKey: .title)
        try members.encode(stream.state.rawValue, forKey: .state)
        try members.encode(addresses.hls(stream.id), forKey: .hlsURL)
        try members.encode(addresses.dash(stream.id), forKey: .dashURL)
        try members.encode(current?.metrics.viewers ?? 0, forKey: .viewers)
        let isForAdministrator = if case .anybody = view { false } else { true }
        try BroadcastStatusMembers(status: status, isForAdministrator: isForAdministrator).encode(to: encoder)
        guard isForAdministrator else { return }
        try members.encode(
            current.map { MetricsData(metrics: $0.metrics, health: $0.health) }, forKey: .metrics)
        try members.encode(stream.createdAt.description, forKey: .createdAt)
        try members.encode(stream.changedAt.description, forKey: .changedAt)
        try members.encode(stream.startedAt?.description, forKey: .startedAt)
        try members.encode(stream.endedAt?.description, forKey: .endedAt)
        try members.encode(stream.failure, forKey: .failure)
        try members.encode(addresses.ingestServer, forKey: .ingestServer)
        if case .creator(let issued) = view { try IssuedKeyMembers(issued, addresses).encode(to: encoder) }
    }
}

/// A page of streams as JSON.
struct StreamListDocument: Encodable {
    let streams: [StreamDocument]
    /// The `before` of the next page; `null` on the last one.
    let next: String?

    private enum Member: CodingKey { case streams, next }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(streams, forKey: .streams)
        try members.encode(next, forKey: .next)
    }
}
