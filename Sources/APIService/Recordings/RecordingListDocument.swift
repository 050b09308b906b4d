import StreamingCore

/// A page of recordings as JSON.
struct RecordingListDocument: Encodable {
    let recordings: [RecordingDocument]
    /// The `before` of the next page; `null` on the last one.
    let next: String?

    private enum Member: CodingKey { case recordings, next }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(recordings, forKey: .recordings)
        try members.encode(next, forKey: .next)
    }
}

/// A recording as JSON.
struct RecordingDocument: Encodable {
    let recording: RecordedBroadcast
    let stream: StreamID
    let addresses: PublicURLs.Addresses

    private enum Member: String, CodingKey {
        case id, renditions, bytes
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case duration = "duration_ms"
        case hls = "hls_url"
        case dash = "dash_url"
    }

    private enum RenditionMember: String, CodingKey {
        case name, kind, width, height
        case bitsPerSecond = "bits_per_second"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(String(recording.number), forKey: .id)
        try members.encode(recording.startedAt.description, forKey: .startedAt)
        let end = recording.startedAt.adding(milliseconds: recording.durationMilliseconds)
        try members.encode(end.description, forKey: .endedAt)
        try members.encode(recording.durationMilliseconds, forKey: .duration)
        try members.encode(recording.byteCount, forKey: .bytes)
        try members.encode(addresses.hls(stream, recording: recording.number), forKey: .hls)
        try members.encode(addresses.dash(stream, recording: recording.number), forKey: .dash)
        var list = members.nestedUnkeyedContainer(forKey: .renditions)
        for rendition in recording.renditions {
            var members = list.nestedContainer(keyedBy: RenditionMember.self)
            try members.encode(rendition.name, forKey: .name)
            try members.encode(rendition.kind.rawValue, forKey: .kind)
            try members.encode(rendition.width, forKey: .width)
            try members.encode(rendition.height, forKey: .height)
            try members.encode(rendition.bitsPerSecond, forKey: .bitsPerSecond)
        }
    }
}
