public import Bytes
public import Media

// MPEG-2 transport stream (ISO/IEC 13818-1, 2.4.3.2): packets of 188 bytes
//
// +------+-----+-------+----------+-------+-----+---------+----+-----------------+- - - - - -+
// | 0x47 | err | start | priority | PID   | scr | AF, pay | CC | adaptation field| payload   |
// | 8    | 1   | 1     | 1        | 13    | 2   | 2       | 4  | 0 to 184 bytes  |           |
// +------+-----+-------+----------+-------+-----+---------+----+-----------------+- - - - - -+
//
// segment = (PAT PMT) PES PES ... (PAT PMT) PES ...

/// Why no transport stream segment can be made of some samples.
public enum TransportStreamFailure: Error, Equatable, Sendable {
    /// Neither segment has a sample.
    case noSamples
    /// The bytes of a segment are not what this module writes.
    case cmaf(CMAFFailure)
    /// A picture's NAL units do not fit together.
    case malformedAccessUnit
    /// The segment would have more bytes than this.
    case tooLong(Int)
}

/// Makes transport stream segments for players that have no fragmented MP4, from the CMAF segments of one number.
///
/// A segment is made for itself, on whichever machine is asked, and must still continue the one before. Two things
/// make that possible. All times are the stream's own plus a constant. And each PID has a multiple of 16 packets in
/// every segment, so that its continuity counter begins at 0 and ends at 15 every time: the tables are simply
/// repeated 16 times, which is about as often as broadcasters do, and of the media at most 15 packets are less full
/// than they could be. The other way, a `discontinuity_indicator` in every segment, would tell players that the clock
/// jumps there.
public enum TransportStream {
    /// One elementary stream of a segment.
    public struct Source: Sendable {
        let track: Track
        let samples: [CMAFSample]
        let decodeDelay: Int64

        /// - Parameters:
        ///   - segment: The bytes of a CMAF segment.
        ///   - decodeDelay: ``Segment/decodeDelay`` of that segment.
        /// - Throws: ``TransportStreamFailure/cmaf(_:)``
        public init(
            track: Track, segment: Bytes, decodeDelay: Int64 = 0
        ) throws(TransportStreamFailure) {
            self.track = track
            self.decodeDelay = decodeDelay
            do {
                samples = try CMAFReader.samples(in: segment)
            } catch {
                throw .cmaf(error)
            }
        }

        /// When the last sample ends in decode time, in the stream's 1/90,000 s.
        var endTime: Int64? {
            samples.last.map {
                PESUnit.scaled($0.decodeTime + Int64($0.duration) - decodeDelay, track.timescale)
            }
        }

        /// A track of the run without media in this segment: the tables announce it all the same, as in every segment.
        public init(gapOf track: Track) {
            self.track = track
            samples = []
            decodeDelay = 0
        }
    }

    /// What is added to all times, in 1/90,000 s: decode times lie before the first presentation, and the clock
    /// before those.
    static let timeOffset: Int64 = 10 * 90_000
    /// How far the clock is behind the decode times, in 1/90,000 s: the time a decoder has to receive a picture.
    static let clockDelay: Int64 = 63_000
    /// The longest time between two values of the clock, in 1/90,000 s (2.7.2: 100 ms).
    static let clockIntervalMax: Int64 = 9_000
    static let packetLength = 188
    /// The largest segment to make, in bytes: more than 12 s at 100 Mbit/s.
    static let bytesMax = 256 << 20

    /// - Parameters:
    ///   - video: `nil` when the run has none.
    ///   - audio: `nil` when the run has none.
    /// - Throws: ``TransportStreamFailure``
    public static func segment(video: Source?, audio: Source?) throws(TransportStreamFailure) -> Bytes {
        let plan = try TransportStreamPlan(video: video, audio: audio)
        let length = plan.packetCount * packetLength
        guard length <= bytesMax else { throw .tooLong(length) }
        var writer = PacketWriter(capacity: length)
        for item in plan.items { item.write(to: &writer) }
        return writer.finish()
    }
}
