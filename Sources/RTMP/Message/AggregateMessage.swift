import Bytes

// Aggregate message (RTMP 1.0, 7.1.6): FLV tags in a row
//
// +----------+------------+----------+---------------+--------------+---------+------------------+-- -
// | type (1) | length (3) | time (3) | time, high (1)| stream id (3)| payload | back pointer (4) |
// +----------+------------+----------+---------------+--------------+---------+------------------+-- -

/// Takes aggregate messages apart.
enum AggregateMessage {
    /// The messages in an aggregate, in order.
    ///
    /// The times of the parts count from the time of the first, which is the time of the aggregate. They have 31 bits,
    /// so their differences are taken modulo 2³¹ and added to the full time. What follows a broken part is dropped; an
    /// aggregate within an aggregate is too.
    static func parts(of aggregate: RawMessage) -> [RawMessage] {
        var reader = ByteReader(aggregate.payload)
        var parts: [RawMessage] = []
        var firstTime: UInt32?
        while parts.count < RTMPLimits.aggregatePartsMax, let (type, time, payload) = try? part(&reader) {
            let first = firstTime ?? time
            firstTime = first
            guard type != MessageType.aggregate else { continue }
            // The step is signed: audio and video in an aggregate may be a little out of order.
            let step = (time &- first) & 0x7FFF_FFFF
            let signed = step < 1 << 30 ? step : step | 1 << 31
            parts.append(
                RawMessage(
                    type: type, timestamp: aggregate.timestamp &+ signed, streamID: aggregate.streamID,
                    payload: payload))
        }
        return parts
    }

    private static func part(
        _ reader: inout ByteReader
    ) throws(OutOfBytes) -> (type: UInt8, time: UInt32, payload: Bytes) {
        let type = try reader.readUInt8()
        let length = Int(try reader.readUInt24())
        let low = try reader.readUInt24()
        let time = UInt32(try reader.readUInt8()) << 24 | low
        try reader.skip(3)
        let payload = try reader.readBytes(length)
        // The back pointer only serves to walk backwards, and may be missing at the end.
        try reader.skip(min(4, reader.remaining))
        return (type, time, payload)
    }
}
