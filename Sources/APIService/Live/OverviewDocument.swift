/// All streams on air, and what the reader may do.
struct OverviewDocument: Encodable {
    let overview: OverviewData
    let role: TokenRole

    private enum Member: CodingKey { case streams, role }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(overview.streams, forKey: .streams)
        try members.encode(role == .admin ? "admin" : "viewer", forKey: .role)
    }
}
