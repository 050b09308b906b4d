import StreamingCore

/// What is said of the renditions of a broadcast inside a stream's document: the members `renditions` and
/// `transcoding`.
struct BroadcastStatusMembers: Encodable {
    /// `nil` where nothing is known, as of a stream that is not on air.
    let status: BroadcastStatus?
    /// Viewers are told what there is to watch and whether it is less than usual, but no reasons.
    let isForAdministrator: Bool

    private enum Member: String, CodingKey { case renditions, transcoding }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        let renditions = (status?.report?.renditions ?? []).map {
            RenditionDocument(rendition: $0, isForAdministrator: isForAdministrator)
        }
        try members.encode(renditions, forKey: .renditions)
        let transcoding = status.flatMap { TranscodingDocument($0, isForAdministrator: isForAdministrator) }
        try members.encode(transcoding, forKey: .transcoding)
    }
}

private struct RenditionDocument: Encodable {
    let rendition: LadderReport.Rendition
    let isForAdministrator: Bool

    private enum Member: String, CodingKey {
        case name, kind, width, height, mode, encoder
        case frameRate = "frame_rate"
        case bitsPerSecond = "bits_per_second"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(rendition.name, forKey: .name)
        try members.encode(rendition.isVideo ? "video" : "audio", forKey: .kind)
        try members.encode(rendition.width, forKey: .width)
        try members.encode(rendition.height, forKey: .height)
        try members.encode(rendition.picturesPerSecond?.inThousandths, forKey: .frameRate)
        try members.encode(rendition.bitsPerSecond > 0 ? rendition.bitsPerSecond : nil, forKey: .bitsPerSecond)
        guard isForAdministrator else { return }
        switch rendition.mode {
        case .copy:
            try members.encode("copy", forKey: .mode)
            try members.encodeNil(forKey: .encoder)
        case .encode(let name):
            try members.encode("encode", forKey: .mode)
            try members.encode(name, forKey: .encoder)
        }
    }
}

private struct TranscodingDocument: Encodable {
    let status: BroadcastStatus
    let state: BroadcastStatus.State
    let reason: String?
    let isForAdministrator: Bool

    /// `nil` when nothing was told.
    init?(_ status: BroadcastStatus, isForAdministrator: Bool) {
        guard let (state, reason) = status.transcoding else { return nil }
        self.status = status
        self.state = state
        self.reason = reason
        self.isForAdministrator = isForAdministrator
    }

    private enum Member: String, CodingKey {
        case state, reason, degraded, preset, failures, rendition, at
        case copyRefusal = "copy_refusal"
        case shedRenditions = "shed_renditions"
        case realTimeFactor = "real_time_factor"
        case lagMilliseconds = "lag_ms"
        case changedAt = "changed_at"
    }

    private var isDegraded: Bool {
        switch state {
        case .passthrough, .running: false
        case .degraded, .refused, .failed: true
        }
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(state.rawValue, forKey: .state)
        try members.encode(isDegraded, forKey: .degraded)
        guard isForAdministrator else { return }
        let report = status.report
        try members.encode(reason, forKey: .reason)
        try members.encode(report?.copyRefusal, forKey: .copyRefusal)
        try members.encode(report?.degradation?.shedRenditions ?? [], forKey: .shedRenditions)
        try members.encode(report?.preset, forKey: .preset)
        try members.encode(report?.realTimeFactor?.inThousandths, forKey: .realTimeFactor)
        try members.encode(report?.lagMilliseconds, forKey: .lagMilliseconds)
        try members.encode(status.changedAt.description, forKey: .changedAt)
        var list = members.nestedUnkeyedContainer(forKey: .failures)
        for failure in status.failures {
            var members = list.nestedContainer(keyedBy: Member.self)
            try members.encode(failure.at.description, forKey: .at)
            try members.encode(failure.rendition, forKey: .rendition)
            try members.encode(failure.reason, forKey: .reason)
        }
    }
}

extension Double {
    /// Rounded to what JSON is to show; `nil` for what JSON has no number for.
    fileprivate var inThousandths: Double? { isFinite ? (self * 1000).rounded() / 1000 : nil }
}
