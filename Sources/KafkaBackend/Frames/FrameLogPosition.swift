/// Where an entry stands in its stream's log: the writer's fence in the high bits, its number with that writer below.
///
/// Fences are numbers of segments, which a stream uses up at four a second at most, so a position rises over all
/// broadcasts of a stream: the next writer's fence has grown by four for every second that the one before wrote, each
/// of which has room for a million entries. It stays below 2⁶³ for any fence that ``FrameRecord`` reads.
enum FrameLogPosition {
    /// Bits of an entry's number before it reaches into the next fence's room.
    static let entryBits: Int64 = 20
    /// The largest fence: numbers from a clock of a quarter of a second reach it in the year 36,000.
    static let fenceMax: Int64 = 1 << 42 - 1
    /// The largest number of an entry of one writer.
    static let entryMax: Int64 = 1 << 40

    static func position(fence: Int64, entry: Int64) -> Int64 { fence << entryBits + entry }
}
