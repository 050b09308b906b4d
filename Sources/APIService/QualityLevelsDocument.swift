import StreamingCore

/// The qualities that broadcasts are made in as JSON.
struct QualityLevelsDocument: Encodable {
    let ladder: QualityLadder
    let origin: QualityAdministration.Origin

    private enum Member: String, CodingKey {
        case origin, name, height, enabled
        case levels = "quality_levels"
        case videoBitsPerSecond = "video_bits_per_second"
        case frameRateMax = "frame_rate_max"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(origin.rawValue, forKey: .origin)
        var list = members.nestedUnkeyedContainer(forKey: .levels)
        for level in ladder.levels {
            var members = list.nestedContainer(keyedBy: Member.self)
            try members.encode(level.name, forKey: .name)
            try members.encode(level.height, forKey: .height)
            try members.encode(level.videoBitsPerSecond, forKey: .videoBitsPerSecond)
            try members.encode(level.frameRateMax, forKey: .frameRateMax)
            try members.encode(level.isEnabled, forKey: .enabled)
        }
    }
}
