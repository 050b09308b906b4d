import Bytes
import Media
import Packaging
import Testing

@Suite struct TransportStreamTests {
    /// One packet, taken apart by hand and not by the code under test.
    struct Packet {
        let packetID: Int
        let startsUnit: Bool
        let counter: Int
        let hasPayload: Bool
        let clock: Int64?
        let isRandomAccess: Bool
        let payload: [UInt8]

        init(_ bytes: [UInt8]) throws {
            try #require(bytes.count == 188)
            #expect(bytes[0] == 0x47)
            packetID = Int(bytes[1] & 0x1F) << 8 | Int(bytes[2])
            startsUnit = bytes[1] & 0x40 != 0
            counter = Int(bytes[3] & 15)
            hasPayload = bytes[3] & 0x10 != 0
            var start = 4
            var clock: Int64?
            var isRandomAccess = false
            if bytes[3] & 0x20 != 0 {
                let length = Int(bytes[4])
                #expect(hasPayload ? length <= 182 : length == 183)
                start = 5 + length
                if length > 0 {
                    isRandomAccess = bytes[5] & 0x40 != 0
                    if bytes[5] & 0x10 != 0 {
                        let base = bytes[6..<10].reduce(Int64(0)) { $0 << 8 | Int64($1) }
                        clock = base << 1 | Int64(bytes[10] >> 7)
                    }
                    let used = 6 + (clock == nil ? 0 : 6)
                    #expect(bytes[used..<max(used, start)].allSatisfy { $0 == 0xFF })
                }
            }
            self.clock = clock
            self.isRandomAccess = isRandomAccess
            payload = hasPayload ? Array(bytes[start...]) : []
            #expect(!hasPayload || !payload.isEmpty)
        }
    }

    static func packets(_ bytes: Bytes) throws -> [Packet] {
        try #require(bytes.count % 188 == 0)
        return try stride(from: 0, to: bytes.count, by: 188).map { try Packet(bytes[$0..<$0 + 188].array) }
    }

    /// Each unit's bytes on a PID.
    static func units(_ packets: [Packet], on packetID: Int) -> [[UInt8]] {
        var units: [[UInt8]] = []
        for packet in packets where packet.packetID == packetID && packet.hasPayload {
            if packet.startsUnit { units.append([]) }
            if !units.isEmpty { units[units.count - 1] += packet.payload }
        }
        return units
    }

    static func time(_ bytes: ArraySlice<UInt8>) -> Int64 {
        let b = bytes.map(Int64.init)
        return (b[0] >> 1 & 7) << 30 | b[1] << 22 | (b[2] >> 1) << 15 | b[3] << 7 | b[4] >> 1
    }

    static func studio(_ script: FrameScript, until end: Double = 7_000) -> Studio {
        var studio = Studio()
        studio.append(script.frames(to: end))
        studio.append(.ended)
        return studio
    }

    static func segments(_ studio: Studio) throws -> [Bytes] {
        let numbers = Set(studio.segments("source").map(\.number) + studio.segments("audio").map(\.number)).sorted()
        return try numbers.map { number in
            let sources: [TransportStream.Source?] = try ["source", "audio"].map { name in
                guard let segment = studio.segments(name).first(where: { $0.number == number }) else { return nil }
                let track = name == "source" ? Tracks.video : Tracks.audio
                return try TransportStream.Source(
                    track: track, segment: studio.store[segment.name] ?? Bytes(), decodeDelay: segment.decodeDelay)
            }
            return try TransportStream.segment(video: sources[0], audio: sources[1])
        }
    }

    static let scripts: [FrameScript] = [
        FrameScript(), FrameScript(reorder: 2, jitter: 3), FrameScript(audio: nil), FrameScript(video: nil),
        FrameScript(frameMilliseconds: 500, keyframeInterval: 4),
        FrameScript(frameMilliseconds: 1000, keyframeInterval: 2),
    ]

    @Test(arguments: scripts.indices) func `continuity counters run on through all segments`(index: Int) throws {
        let studio = Self.studio(Self.scripts[index])
        var counters: [Int: Int] = [:]
        for segment in try Self.segments(studio) {
            for packet in try Self.packets(segment) {
                guard packet.hasPayload else {
                    if let counter = counters[packet.packetID] { #expect(packet.counter == counter) }
                    continue
                }
                if let counter = counters[packet.packetID] { #expect(packet.counter == (counter + 1) % 16) }
                counters[packet.packetID] = packet.counter
            }
        }
        #expect(counters.values.allSatisfy { $0 == 15 })
    }

    @Test(arguments: scripts.indices) func `the clock comes every tenth of a second and before the media`(index: Int)
        throws
    {
        let studio = Self.studio(Self.scripts[index])
        var last: Int64?
        for segment in try Self.segments(studio) {
            for packet in try Self.packets(segment) {
                guard let clock = packet.clock else { continue }
                if let last {
                    #expect(clock > last || packet.hasPayload == false && clock == last)
                    #expect(clock - last <= 9_000 + 1_000)
                }
                last = clock
            }
        }
        #expect(last != nil)
    }

    @Test func `tables lead to the streams`() throws {
        let studio = Self.studio(FrameScript())
        let packets = try Self.packets(try Self.segments(studio)[0])
        #expect(packets[0].packetID == 0)
        #expect(packets[1].packetID == 0x1000)
        #expect(
            packets[0].payload.prefix(17) == [
                0, 0, 0xB0, 0x0D, 0, 1, 0xC1, 0, 0, 0, 1, 0xF0, 0, 0x2A, 0xB1, 0x04, 0xB2,
            ])
        let map = Array(packets[1].payload.prefix(27))
        #expect(
            Array(map[..<23]) == [
                0, 2, 0xB0, 0x17, 0, 1, 0xC1, 0, 0, 0xE1, 0, 0xF0, 0, 0x1B, 0xE1, 0, 0xF0, 0, 0x0F, 0xE1, 1, 0xF0, 0,
            ])
        #expect(Self.checksum(map.dropFirst()) == 0)
    }

    /// The check sum of a section with its check sum is zero.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            for bit in (0..<8).reversed() {
                let isSet = (sum >> 31) ^ UInt32(byte >> UInt8(bit) & 1) == 1
                sum = sum << 1 ^ (isSet ? 0x04C1_1DB7 : 0)
            }
        }
        return sum
    }

    @Test func `pictures are in the byte stream format with the encoder's times`() throws {
        let script = FrameScript(reorder: 2)
        let studio = Self.studio(script)
        let packets = try Self.segments(studio).flatMap { try Self.packets($0) }
        let units = Self.units(packets, on: 0x100)
        let frames = script.frames(to: 7_000).filter { $0.track.kind == .video }
        try #require(units.count == frames.count)
        for (unit, frame) in zip(units, frames) {
            #expect(unit.prefix(6) == [0, 0, 1, 0xE0, 0, 0])
            #expect(Self.time(unit[9..<14]) == frame.presentationTime + 900_000)
            let hasDecodeTime = unit[7] & 0x40 != 0
            // The encoder's own order: the shift that CMAF wants is taken back.
            #expect((hasDecodeTime ? Self.time(unit[14..<19]) : Self.time(unit[9..<14])) == frame.decodeTime + 900_000)
            let body = Array(unit[(9 + Int(unit[8]))...])
            #expect(body.prefix(6) == [0, 0, 0, 1, 9, 0xF0])
            guard case .avc(let avc) = Tracks.video.configuration else { return }
            let sets = AnnexB.stream(of: avc.sequenceParameterSets + avc.pictureParameterSets)
            let picture = [0, 0, 0, 1] + frame.payload.dropFirst(4).array
            #expect(Array(body.dropFirst(6)) == (frame.isKeyframe ? sets.array : []) + picture)
        }
    }

    @Test func `sound is in ADTS, a few frames at a time`() throws {
        let script = FrameScript()
        let studio = Self.studio(script)
        let packets = try Self.segments(studio).flatMap { try Self.packets($0) }
        let units = Self.units(packets, on: 0x101)
        var payload: [UInt8] = []
        for unit in units {
            #expect(unit.prefix(4) == [0, 0, 1, 0xC0])
            #expect(Int(unit[4]) << 8 | Int(unit[5]) == unit.count - 6)
            payload += unit[(9 + Int(unit[8]))...]
        }
        guard case .aac(let aac) = Tracks.audio.configuration else { return }
        let expected = script.frames(to: 7_000).filter { $0.track.kind == .audio }.flatMap {
            aac.adtsHeader(payloadLength: $0.payload.count).array + $0.payload.array
        }
        #expect(payload == expected)
        #expect(units.count < 130)
    }

    @Test func `a gap keeps the tables`() throws {
        let studio = Self.studio(FrameScript())
        let segment = studio.segments("source")[0]
        let source = try TransportStream.Source(track: Tracks.video, segment: studio.store[segment.name] ?? Bytes())
        let packets = try Self.packets(
            try TransportStream.segment(video: source, audio: .init(gapOf: Tracks.audio)))
        #expect(packets[1].payload[3] == 0x17)
        #expect(throws: TransportStreamFailure.noSamples) {
            try TransportStream.segment(video: .init(gapOf: Tracks.video), audio: .init(gapOf: Tracks.audio))
        }
    }

    @Test func `times wrap after 26 hours`() throws {
        let start = 95_443_000.0 - 12_000  // 2³³ ticks are 95,443.7 s, and 10 s are added.
        var studio = Studio()
        studio.append(FrameScript().frames(from: start, to: start + 7_000))
        studio.append(.ended)
        for segment in try Self.segments(studio) { _ = try Self.packets(segment) }
        let units = Self.units(try Self.segments(studio).flatMap { try Self.packets($0) }, on: 0x100)
        #expect(units.contains { Self.time($0[9..<14]) < 900_000 })
        #expect(units.contains { Self.time($0[9..<14]) > 8_589_000_000 })
    }
}
