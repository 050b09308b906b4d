import StreamingCore

/// How well a stream does, with every deduction explained.
struct HealthDocument: Encodable {
    let health: StreamHealth
    /// Of the last minutes, the newest last.
    let recent: [StreamMetrics]

    /// What trends are drawn through, in milliseconds.
    static let trendMilliseconds: Int64 = 300_000

    private enum Member: String, CodingKey { case score, grade, deductions, recommendations, trends }
    private enum Item: String, CodingKey { case code, points, reason, text }
    private enum Measured: String, CodingKey, CaseIterable {
        case viewers
        case ingress = "ingress_bps"
        case stallRatio = "stall_ratio"
    }
    private enum TrendMember: String, CodingKey {
        case direction
        case change = "change_per_minute"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(health.score, forKey: .score)
        try members.encode(health.grade.rawValue, forKey: .grade)
        var deductions = members.nestedUnkeyedContainer(forKey: .deductions)
        for deduction in health.deductions {
            var item = deductions.nestedContainer(keyedBy: Item.self)
            try item.encode(deduction.code.rawValue, forKey: .code)
            try item.encode(deduction.points, forKey: .points)
            try item.encode(deduction.reason, forKey: .reason)
        }
        var recommendations = members.nestedUnkeyedContainer(forKey: .recommendations)
        for (code, text) in health.recommendations {
            var item = recommendations.nestedContainer(keyedBy: Item.self)
            try item.encode(code.rawValue, forKey: .code)
            try item.encode(text, forKey: .text)
        }
        var trends = members.nestedContainer(keyedBy: Measured.self, forKey: .trends)
        for measured in Measured.allCases {
            guard let trend = Trend(recent.compactMap { value(of: measured, in: $0) }) else {
                try trends.encodeNil(forKey: measured)
                continue
            }
            var item = trends.nestedContainer(keyedBy: TrendMember.self, forKey: measured)
            try item.encode(trend.direction.rawValue, forKey: .direction)
            try item.encode((trend.changePerMinute * 1000).rounded() / 1000, forKey: .change)
        }
    }

    private func value(of measured: Measured, in metrics: StreamMetrics) -> Double? {
        switch measured {
        case .viewers: Double(metrics.viewers)
        case .ingress: Double(metrics.ingressBitsPerSecond)
        case .stallRatio: metrics.stallRatio
        }
    }
}
