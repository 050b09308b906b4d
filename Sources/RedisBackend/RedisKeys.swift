import Bytes
import StreamingCore

// All keys of this project begin with `sluice:`. What belongs to a stream carries its id as a hash tag, so that the
// keys of one stream lie in one slot where somebody hides a cluster behind one address.
//
//   key                               type        value                                      expires after
//   sluice:{<stream>}:segment:<path>  string      the bytes of a segment, a part ...         60 s (parts), 10 min*
//   sluice:{<stream>}:segments        sorted set  <path>, by when it expires (Unix ms)       11 min*, since last put
//   sluice:{<stream>}:timeline        list        records, the oldest first                  25 h, since the last write
//   sluice:{<stream>}:timeline:state  hash        fence, and first: number of the oldest     25 h, since the last write
//   sluice:webhook:<event>:<digest>   string      the process that tells it, or `told`             15 s, 2 h
//   sluice:timelines                  set         <stream>, of all that have a timeline      25 h, since the last write
//
// * where nothing else keeps segments, longer: for as long as playlists list them.
//
// Every key has a time to live from the command that makes it, in the same pipeline or script: nothing stays for ever,
// whichever process dies where. The sorted set exists so that all of a stream can be removed without a SCAN, whose cost
// is that of all streams; it is written before what it names, so it may name what is not there and never misses
// anything. A member whose time has passed is dropped with the next put.
//
// A server with a limit of memory (`maxmemory`) is best told `volatile-ttl`: parts are then given up first, and
// timelines last.

/// The names of keys and how long they live.
enum RedisKeys {
    static let liveTimelines = "sluice:timelines"

    static func segment(_ name: SegmentName) -> String { "sluice:{\(name.stream)}:segment:\(name.path)" }
    static func segmentIndex(_ stream: StreamID) -> String { "sluice:{\(stream)}:segments" }
    static func timeline(_ stream: StreamID) -> String { "sluice:{\(stream)}:timeline" }
    static func timelineState(_ stream: StreamID) -> String { "sluice:{\(stream)}:timeline:state" }
}

/// Times to live.
public enum RedisLifetimes {
    /// Of a part: `segment-17.3.m4s`.
    public static let partMilliseconds: Int64 = 60_000
    /// Of everything else in the segment store, unless said otherwise: segments, initialisation segments, playlists,
    /// pictures.
    public static let segmentMilliseconds: Int64 = 600_000
    /// Of a stream's timeline and its fence: the longest DVR window, and an hour.
    public static let timelineMilliseconds: Int64 = 25 * 3_600_000

    /// How much longer a stream's index lives than what it names.
    static let indexSlackMilliseconds: Int64 = 60_000

    /// Whether it is `segment-N.P.m4s`, the name that packaging gives to parts.
    static func isPart(_ path: String) -> Bool {
        let pieces = fileName(path).split(separator: ".", omittingEmptySubsequences: false)
        return pieces.count == 3 && pieces[0].hasPrefix("segment-") && pieces[2] == "m4s"
    }

    /// Whether it is `init-E.mp4`, which is wanted as long as a broadcast runs, however long ago it was put.
    static func isInitialization(_ path: String) -> Bool {
        fileName(path).hasPrefix("init-") && path.hasSuffix(".mp4")
    }

    private static func fileName(_ path: String) -> Substring {
        path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
    }
}
