import Bytes
import Media

// PES packet (ISO/IEC 13818-1, 2.4.3.6)
//
// +--------+-----------+--------+----+-------------+--------+---------------+---------+
// | 000001 | stream id | length | 84 | PTS, DTS ?  | header | PTS 5, DTS 5  | payload |
// | 24     | 8         | 16     | 8  | 8           | len 8  | bytes         |         |
// +--------+-----------+--------+----+-------------+--------+---------------+---------+
//
// video: one picture, length 0 (unbounded)    AUD SPS PPS slice ..., behind start codes
// audio: a few access units, length given     ADTS, access unit, ADTS, access unit, ...

/// The packets of a segment before they are written: their order and exactly how many there are.
struct TransportStreamPlan {
    /// Something to write.
    enum Item {
        case tables(ProgramTables)
        case clock(UInt16, Int64)
        case pes(PESUnit, Spread)

        func write(to writer: inout PacketWriter) {
            switch self {
            case .tables(let tables):
                for (packetID, section) in [
                    (PacketID.programAssociation, tables.association), (PacketID.programMap, tables.map),
                ] {
                    writer.begin(packetID, Spread(length: section.count, firstReserved: 0))
                    writer.write(section)
                }
            case .clock(let packetID, let time): writer.writeClock(packetID, time)
            case .pes(let unit, let spread):
                writer.begin(unit.packetID, spread, clock: unit.clock, isRandomAccess: unit.isRandomAccess)
                for piece in unit.pieces { writer.write(piece) }
            }
        }

        var packetCount: Int {
            switch self {
            case .tables: 2
            case .clock: 1
            case .pes(_, let spread): spread.packetCount
            }
        }
    }

    /// A continuity counter has this many values.
    private static let counterCycle = 16

    /// How many packets with nothing but the clock may follow each other: a minute without media.
    private static let clocksInHoleMax = 600

    private(set) var items: [Item] = []

    var packetCount: Int { items.reduce(0) { $0 + $1.packetCount } }

    init(video: TransportStream.Source?, audio: TransportStream.Source?) throws(TransportStreamFailure) {
        var units: [PESUnit] = []
        if let video { units += try PESUnit.pictures(video) }
        if let audio { units += PESUnit.sounds(audio, carriesClock: video == nil) }
        guard !units.isEmpty else { throw .noSamples }
        // In the order in which decoders need them; stable, so that each stream keeps its own order.
        units.sort { $0.decodeTime < $1.decodeTime }

        let tables = ProgramTables(hasVideo: video != nil, hasAudio: audio != nil)
        let clockID = video == nil ? PacketID.audio : PacketID.video
        let extras = Self.extraPackets(units)
        var tablesWritten = 0
        var lastClock: Int64?
        for (index, unit) in units.enumerated() {
            // Sixteen times in all, evenly.
            while tablesWritten * units.count <= index * Self.counterCycle, tablesWritten < Self.counterCycle {
                items.append(.tables(tables))
                tablesWritten += 1
            }
            addClocks(before: unit.decodeTime - TransportStream.clockDelay, since: &lastClock, on: clockID)
            var unit = unit
            if unit.packetID == clockID {
                let clock = unit.decodeTime - TransportStream.clockDelay
                unit.clock = clock
                lastClock = clock
            }
            items.append(.pes(unit, unit.spread(extra: extras[index] ?? 0)))
        }
        while tablesWritten < Self.counterCycle {
            items.append(.tables(tables))
            tablesWritten += 1
        }
        if let leader = video ?? audio, let end = leader.endTime {
            addClocks(before: end - TransportStream.clockDelay, since: &lastClock, on: clockID)
        }
    }

    /// How many packets more the last unit of each PID must take, by the unit's index, so that the PID has a multiple
    /// of 16.
    private static func extraPackets(_ units: [PESUnit]) -> [Int: Int] {
        var counts: [UInt16: Int] = [:]
        var last: [UInt16: Int] = [:]
        for (index, unit) in units.enumerated() {
            counts[unit.packetID, default: 0] += unit.spread(extra: 0).packetCount
            last[unit.packetID] = index
        }
        var extras: [Int: Int] = [:]
        for (packetID, index) in last {
            extras[index] = (counterCycle - (counts[packetID] ?? 0) % counterCycle) % counterCycle
        }
        return extras
    }

    /// Adds packets with the clock where units are further apart than it may stay unsaid.
    private mutating func addClocks(before time: Int64, since last: inout Int64?, on packetID: UInt16) {
        guard var clock = last else { return }
        for _ in 0..<Self.clocksInHoleMax where time - clock > TransportStream.clockIntervalMax {
            clock += TransportStream.clockIntervalMax
            items.append(.clock(packetID, clock))
        }
        last = clock
    }
}
