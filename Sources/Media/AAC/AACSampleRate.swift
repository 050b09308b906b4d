/// The sampling frequencies that have an index (ISO/IEC 14496-3, table 1.18).
enum AACSampleRate {
    static let table = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]

    /// The index whose rate is nearest, for formats that cannot say a rate in full.
    static func nearestIndex(to rate: Int) -> Int {
        table.indices.min { abs(table[$0] - rate) < abs(table[$1] - rate) } ?? 4
    }
}
