import Bytes

/// Writes transport packets, each with the header and the stuffing that its payload leaves room for.
///
/// The caller says beforehand how a unit (a section or a PES packet) is spread over packets; payload is then written
/// as if there were no packets, and headers come where they must.
struct PacketWriter: ~Copyable {
    private var writer: ByteWriter
    /// Of the unit that is being written.
    private var packetID: UInt16 = 0
    private var spread = Spread(length: 0, firstReserved: 0)
    private var packetIndex = 0
    private var roomInPacket = 0
    private var clock: Int64?
    private var isRandomAccess = false
    /// By PID: tables, video, audio. All begin at 0.
    private var counters: [UInt16: UInt8] = [:]

    init(capacity: Int) { writer = ByteWriter(capacity: capacity) }

    consuming func finish() -> Bytes { writer.finish() }

    /// Begins a unit.
    ///
    /// - Parameters:
    ///   - clock: The program clock reference for the first packet, in 1/90,000 s.
    ///   - isRandomAccess: Whether decoding can start here.
    mutating func begin(_ packetID: UInt16, _ spread: Spread, clock: Int64? = nil, isRandomAccess: Bool = false) {
        self.packetID = packetID
        self.spread = spread
        self.clock = clock
        self.isRandomAccess = isRandomAccess
        packetIndex = 0
        roomInPacket = 0
    }

    /// Writes payload of the unit; altogether exactly the length of its spread.
    mutating func write(_ bytes: Bytes) {
        var rest = bytes
        while !rest.isEmpty {
            if roomInPacket == 0 { beginPacket() }
            let length = min(roomInPacket, rest.count)
            writer.write(rest.prefix(length))
            rest = rest.dropFirst(length)
            roomInPacket -= length
        }
    }

    /// Writes a packet that has nothing but the clock. It does not count for the continuity (2.4.3.3).
    mutating func writeClock(_ packetID: UInt16, _ clock: Int64) {
        writer.write(0x47 as UInt8)
        writer.write(packetID)
        writer.write(0x20 | ((counters[packetID] ?? 0) &- 1) & 15)
        writeAdaptationField(length: 184, clock: clock, isRandomAccess: false)
    }

    private mutating func beginPacket() {
        let isFirst = packetIndex == 0
        let payload = spread.payloadLength(ofPacket: packetIndex)
        let counter = counters[packetID] ?? 0
        counters[packetID] = (counter + 1) & 15
        writer.write(0x47 as UInt8)
        writer.write(packetID | (isFirst ? 0x4000 : 0))
        writer.write((payload < 184 ? 0x30 : 0x10) | counter)
        if payload < 184 {
            writeAdaptationField(
                length: 184 - payload, clock: isFirst ? clock : nil, isRandomAccess: isFirst && isRandomAccess)
        }
        roomInPacket = payload
        packetIndex += 1
    }

    /// `adaptation_field` (2.4.3.4), filled up to `length` bytes with its own length.
    private mutating func writeAdaptationField(length: Int, clock: Int64?, isRandomAccess: Bool) {
        writer.write(UInt8(length - 1))
        guard length > 1 else { return }
        writer.write((isRandomAccess ? 0x40 as UInt8 : 0) | (clock == nil ? 0 : 0x10))
        var used = 2
        if let clock {
            // 33 bits of 1/90,000 s, 6 reserved bits, and 9 bits of 1/27,000,000 s, which are always zero.
            let base = UInt64(bitPattern: clock) & 0x1_FFFF_FFFF
            writer.write(UInt32(truncatingIfNeeded: base >> 1))
            writer.write(UInt16(truncatingIfNeeded: base & 1) << 15 | 0x7E00)
            used += 6
        }
        writer.write(repeating: 0xFF, count: length - used)
    }
}

/// How a unit of a known length is spread over packets.
struct Spread {
    /// Bytes of payload altogether.
    let length: Int
    /// Bytes of the first packet's adaptation field that carry something: 0, 2 for flags, 8 with a clock.
    let firstReserved: Int
    /// How many packets the unit takes.
    let packetCount: Int
    /// How many of these are more than needed.
    private let extra: Int

    /// - Parameter extra: Packets to use beyond those that are needed; the payload has at least one byte for each.
    init(length: Int, firstReserved: Int, extra: Int = 0) {
        self.length = length
        self.firstReserved = firstReserved
        let needed = length <= 184 - firstReserved ? 1 : 1 + (length - (184 - firstReserved) + 183) / 184
        packetCount = needed + extra
        self.extra = extra
    }

    /// Without extra packets all but the last are full. With extra ones, the payload is shared out evenly, and none
    /// is empty.
    func payloadLength(ofPacket index: Int) -> Int {
        let firstRoom = 184 - firstReserved
        if extra == 0 {
            if index == 0 { return min(length, firstRoom) }
            return min(184, length - firstRoom - (index - 1) * 184)
        }
        let first = min(firstRoom, length / packetCount)
        if index == 0 { return first }
        let (share, rest) = (length - first).quotientAndRemainder(dividingBy: packetCount - 1)
        return index - 1 < rest ? share + 1 : share
    }
}
