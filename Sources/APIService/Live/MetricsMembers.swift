import StreamingCore

/// A second of a stream, or several drawn together, as members of a JSON object.
struct MetricsMembers: Encodable {
    let metrics: StreamMetrics

    enum Member: String, CodingKey {
        case viewers
        case viewersByQuality = "viewers_by_quality"
        case ingress = "ingress_bps"
        case egress = "egress_bps"
        case stallRatio = "stall_ratio"
        case startup = "startup_ms"
        case source
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(metrics.viewers, forKey: .viewers)
        try members.encode(metrics.viewersByRendition, forKey: .viewersByQuality)
        try members.encode(metrics.ingressBitsPerSecond, forKey: .ingress)
        try members.encode(metrics.egressBitsPerSecond, forKey: .egress)
        try members.encode(metrics.stallRatio?.inTenThousandths, forKey: .stallRatio)
        try members.encode(metrics.startup.map(StartupDocument.init), forKey: .startup)
        try members.encode(metrics.source.map(SourceDocument.init), forKey: .source)
    }
}

private struct StartupDocument: Encodable {
    let percentiles: StreamMetrics.Percentiles

    private enum Member: String, CodingKey { case count, p50, p95 }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(percentiles.count, forKey: .count)
        try members.encode(percentiles.median, forKey: .p50)
        try members.encode(percentiles.percentile95, forKey: .p95)
    }
}

private struct SourceDocument: Encodable {
    let health: SourceHealth

    private enum Member: String, CodingKey {
        case picturesPerSecond = "fps"
        case keyframeInterval = "keyframe_interval_ms"
        case usual = "usual_bps"
        case audioDrift = "audio_drift_ms"
        case repairs = "timestamp_repairs"
        case arrivalDelay = "arrival_delay_ms"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(health.picturesPerSecond.inHundredths, forKey: .picturesPerSecond)
        try members.encode(health.keyframeIntervalMilliseconds, forKey: .keyframeInterval)
        try members.encode(health.usualBitsPerSecond, forKey: .usual)
        try members.encode(health.audioDriftMilliseconds, forKey: .audioDrift)
        try members.encode(health.timestampRepairs, forKey: .repairs)
        try members.encode(health.arrivalDelayMilliseconds, forKey: .arrivalDelay)
    }
}

extension Double {
    /// Rounded to what JSON is to show; `nil` for what JSON has no number for.
    fileprivate var inTenThousandths: Double? { isFinite ? (self * 10_000).rounded() / 10_000 : nil }
    fileprivate var inHundredths: Double? { isFinite ? (self * 100).rounded() / 100 : nil }
}
