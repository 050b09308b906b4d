import StreamingCore

/// The measurements of a span of time as JSON.
struct MetricsDocument: Encodable {
    let stream: StreamID
    let query: MetricsQuery
    let points: [StreamMetricsPoint]

    private enum Member: CodingKey { case stream, from, to, step, points }
    private enum Item: String, CodingKey {
        case at, seconds
        case viewersMax = "viewers_max"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(stream.description, forKey: .stream)
        try members.encode(query.from.description, forKey: .from)
        try members.encode(query.to.description, forKey: .to)
        try members.encode(query.stepSeconds, forKey: .step)
        try members.encode(points.map(Point.init), forKey: .points)
    }

    private struct Point: Encodable {
        let point: StreamMetricsPoint

        func encode(to encoder: any Encoder) throws {
            var item = encoder.container(keyedBy: Item.self)
            try item.encode(point.average.at.description, forKey: .at)
            try item.encode(point.viewersMax, forKey: .viewersMax)
            try item.encode(point.seconds, forKey: .seconds)
            try MetricsMembers(metrics: point.average).encode(to: encoder)
        }
    }
}
