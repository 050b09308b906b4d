import StreamingCore

/// What is said of a key only when it is made.
struct IssuedKeyMembers: Encodable {
    let keyID: String
    let streamKey: String
    let ingestURL: String

    init(_ issued: StreamAdministration.IssuedKey, _ addresses: PublicURLs.Addresses) {
        keyID = issued.key.id.description
        streamKey = issued.text.reveal()
        ingestURL = addresses.ingest(issued.text)
    }

    private enum CodingKeys: String, CodingKey {
        case keyID = "key_id"
        case streamKey = "stream_key"
        case ingestURL = "ingest_url"
    }
}

/// A new key as JSON.
struct IssuedKeyDocument: Encodable {
    let issued: StreamAdministration.IssuedKey
    let addresses: PublicURLs.Addresses

    private enum Member: String, CodingKey {
        case createdAt = "created_at"
        case ingestServer = "ingest_server"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(issued.key.createdAt.description, forKey: .createdAt)
        try members.encode(addresses.ingestServer, forKey: .ingestServer)
        try IssuedKeyMembers(issued, addresses).encode(to: encoder)
    }
}

/// The keys of a stream as JSON: never the key, and not its digest either.
struct KeyListDocument: Encodable {
    let keys: [StreamKey]

    private enum Member: String, CodingKey {
        case keys
        case keyID = "key_id"
        case createdAt = "created_at"
        case revokedAt = "revoked_at"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        var list = members.nestedUnkeyedContainer(forKey: .keys)
        for key in keys {
            var members = list.nestedContainer(keyedBy: Member.self)
            try members.encode(key.id.description, forKey: .keyID)
            try members.encode(key.createdAt.description, forKey: .createdAt)
            try members.encode(key.revokedAt?.description, forKey: .revokedAt)
        }
    }
}
