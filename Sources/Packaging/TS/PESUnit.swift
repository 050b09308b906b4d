import Bytes
import Media

/// One PES packet: a header and payload that shares the samples' memory.
struct PESUnit {
    let packetID: UInt16
    /// In 1/90,000 s, with the constant offset.
    let decodeTime: Int64
    let isRandomAccess: Bool
    /// Header and payload in order.
    let pieces: [Bytes]
    private let length: Int
    /// The program clock reference that it carries.
    var clock: Int64?
    private let carriesClock: Bool

    private init(
        packetID: UInt16, decodeTime: Int64, isRandomAccess: Bool, carriesClock: Bool, pieces: [Bytes]
    ) {
        self.packetID = packetID
        self.decodeTime = decodeTime
        self.isRandomAccess = isRandomAccess
        self.carriesClock = carriesClock
        self.pieces = pieces
        length = pieces.reduce(0) { $0 + $1.count }
    }

    func spread(extra: Int) -> Spread {
        Spread(length: length, firstReserved: carriesClock ? 8 : isRandomAccess ? 2 : 0, extra: extra)
    }

    // MARK: Video

    /// One unit for each picture.
    static func pictures(_ source: TransportStream.Source) throws(TransportStreamFailure) -> [PESUnit] {
        guard case .avc(let avc) = source.track.configuration else { throw .malformedAccessUnit }
        let prefix = KeyframePrefix(avc)
        var units: [PESUnit] = []
        units.reserveCapacity(source.samples.count)
        for sample in source.samples {
            let decode = scaled(sample.decodeTime - source.decodeDelay, source.track.timescale)
            let presentation = max(decode, scaled(sample.presentationTime, source.track.timescale))
            let header = header(streamID: 0xE0, payloadLength: 0, presentation: presentation, decode: decode)
            units.append(
                PESUnit(
                    packetID: PacketID.video, decodeTime: decode, isRandomAccess: sample.isKeyframe,
                    carriesClock: true, pieces: [header] + (try picture(sample, prefix))))
        }
        return units
    }

    /// What stands before the first NAL unit of a picture: an access unit delimiter, and at key frames the parameter
    /// sets.
    private struct KeyframePrefix {
        static let delimiter: Bytes = [0, 0, 0, 1, 0x09, 0xF0]
        let parameterSets: Bytes

        init(_ avc: AVCConfiguration) {
            parameterSets = AnnexB.stream(of: avc.sequenceParameterSets + avc.pictureParameterSets)
        }
    }

    private static let startCode: Bytes = [0, 0, 0, 1]

    /// A picture in the byte stream format.
    private static func picture(
        _ sample: CMAFSample, _ prefix: KeyframePrefix
    ) throws(TransportStreamFailure) -> [Bytes] {
        var pieces = [KeyframePrefix.delimiter]
        if sample.isKeyframe { pieces.append(prefix.parameterSets) }
        var walk = LengthPrefixedNALUnits(sample.payload, lengthSize: 4)
        do {
            while let unit = try walk.next() {
                guard unit.type != .accessUnitDelimiter else { continue }
                pieces.append(startCode)
                pieces.append(unit.bytes)
            }
        } catch {
            throw .malformedAccessUnit
        }
        return pieces
    }

    // MARK: Audio

    /// How much audio goes into one unit at most, in 1/90,000 s: short enough to carry the clock.
    private static let soundDurationMax: Int64 = 6_300

    /// A unit for every few access units.
    static func sounds(_ source: TransportStream.Source, carriesClock: Bool) -> [PESUnit] {
        guard case .aac(let aac) = source.track.configuration else { return [] }
        var units: [PESUnit] = []
        var pieces: [Bytes] = []
        var first: CMAFSample?
        var payloadLength = 0
        func close() {
            guard let sample = first else { return }
            let time = scaled(sample.presentationTime, source.track.timescale)
            let header = header(streamID: 0xC0, payloadLength: payloadLength, presentation: time, decode: time)
            units.append(
                PESUnit(
                    packetID: PacketID.audio, decodeTime: time, isRandomAccess: true, carriesClock: carriesClock,
                    pieces: [header] + pieces))
            pieces = []
            first = nil
            payloadLength = 0
        }
        for sample in source.samples {
            let end = sample.decodeTime + Int64(sample.duration)
            if let first,
                scaled(end, source.track.timescale) - scaled(first.decodeTime, source.track.timescale)
                    > soundDurationMax
            {
                close()
            }
            first = first ?? sample
            let adts = aac.adtsHeader(payloadLength: sample.payload.count)
            pieces.append(adts)
            pieces.append(sample.payload)
            payloadLength += adts.count + sample.payload.count
        }
        close()
        return units
    }

    // MARK: Header

    /// In the stream's 1/90,000 s.
    static func scaled(_ ticks: Int64, _ timescale: Int32) -> Int64 {
        MediaTime(ticks: ticks, timescale: timescale).ticks(in: MediaTime.videoTimescale) + TransportStream.timeOffset
    }

    /// - Parameter payloadLength: 0 for a length that is not said. Only video may do that; a few access units of
    ///   audio are never too long for the field.
    private static func header(streamID: UInt8, payloadLength: Int, presentation: Int64, decode: Int64) -> Bytes {
        let hasDecodeTime = presentation != decode
        let timesLength = hasDecodeTime ? 10 : 5
        let length = payloadLength == 0 ? 0 : payloadLength + 3 + timesLength
        var writer = ByteWriter(capacity: 19)
        writer.writeUInt24(1)
        writer.write(streamID)
        writer.write(UInt16(exactly: length) ?? 0)
        writer.write(0x84 as UInt8)  // the payload begins with an access unit
        writer.write(hasDecodeTime ? 0xC0 as UInt8 : 0x80)
        writer.write(UInt8(timesLength))
        writeTime(&writer, presentation, mark: hasDecodeTime ? 3 : 2)
        if hasDecodeTime { writeTime(&writer, decode, mark: 1) }
        return writer.finish()
    }

    /// 33 bits in three groups, each with a marker bit behind it.
    private static func writeTime(_ writer: inout ByteWriter, _ time: Int64, mark: UInt8) {
        let bits = UInt64(bitPattern: time) & 0x1_FFFF_FFFF
        writer.write(mark << 4 | UInt8(truncatingIfNeeded: bits >> 29 & 0x0E) | 1)
        writer.write(UInt16(truncatingIfNeeded: bits >> 14 & 0xFFFE) | 1)
        writer.write(UInt16(truncatingIfNeeded: bits << 1 & 0xFFFE) | 1)
    }
}
